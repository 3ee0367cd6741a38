"""Metadata after a PNG's pixels is read up to a limit, and a PNG may end anywhere after its pixels."""

import io
import struct
import zlib
from typing import Any

import pytest
from PIL import ExifTags, Image, ImageOps

from resizer.report import Outcome
from tests.right_pictures.conftest import PICTURE
from tests.support.drawn import expected, tagged_exif
from tests.support.forged import chunk
from tests.support.pictures import psnr, saved
from tests.support.rights_blocks import xmp


def with_exif_after(data: bytes, exif: bytes, *chunks: bytes) -> bytes:
    """A PNG with EXIF after its pixels, and other chunks before the EXIF."""
    end = data.rindex(b"IEND") - 4
    return data[:end] + b"".join(chunks) + chunk(b"eXIf", exif[6:]) + data[end:]


@pytest.mark.parametrize("orientation", [1, 6])
def test_exif_after_the_pixels_counts(orientation: int, resize: Any) -> None:
    """A PNG with orientation and author after its pixels becomes upright, and keeps the author."""
    exif = tagged_exif()
    exif[ExifTags.Base.Orientation] = orientation
    data = with_exif_after(saved(PICTURE, "PNG"), exif.tobytes(), chunk(b"tEXt", b"Comment\0" + b"text" * 1000))
    report, rendition = resize(data)
    upright = ImageOps.exif_transpose(Image.open(io.BytesIO(saved(PICTURE, "PNG", exif=exif.tobytes()))))
    assert psnr(rendition, expected(upright)) > 38
    assert report.renditions[0].plan.size == rendition.size
    assert rendition.getexif()[ExifTags.Base.Artist] == "Ada Lovelace"
    assert ExifTags.Base.Orientation not in rendition.getexif()


TEXT_AFTER = chunk(b"tEXt", "Author\0Zoë".encode("latin-1")) + chunk(
    b"iTXt", "Copyright\0\0\0en\0Rights\0© Zoë".encode()
)


@pytest.mark.parametrize("with_exif", [False, True])
@pytest.mark.parametrize(
    "after",
    [
        TEXT_AFTER,
        chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + xmp("Zoë", "© Zoë")),
        chunk(b"tIME", bytes(7)) + chunk(b"tEXt", b"date:create\0today") + TEXT_AFTER,
    ],
)
def test_names_after_the_pixels_are_kept(after: bytes, with_exif: bool, resize: Any) -> None:  # noqa: FBT001 # a parameter of the test
    """The author is kept from XMP and texts after the pixels, where exiftool and ImageMagick write them."""
    exif = Image.Exif()
    exif[ExifTags.Base.Make] = "Camera"
    data = saved(PICTURE, "PNG", exif=exif) if with_exif else saved(PICTURE, "PNG")
    end = data.rindex(b"IEND") - 4
    _, rendition = resize(data[:end] + after + data[end:])
    texts = [rendition.getexif()[tag].encode("latin-1").decode() for tag in (0x013B, 0x8298)]
    assert texts == ["Zoë", "© Zoë"]


@pytest.mark.parametrize(
    "after",
    [
        chunk(b"iTXt", b"Author\0\1\0\0\0" + zlib.compress(bytes(15_000_000), 1)[:60_000]),
        chunk(b"iTXt", b"Author"),
        chunk(b"iTXt", b"Author\0\0"),
        chunk(b"tEXt", b"\0Author"),
        chunk(b"tEXt", b"transparency\0all") + chunk(b"tEXt", b"exif\0none"),
        struct.pack(">I4s", 60_000, b"tEXt") + b"Author\0Ada",
    ],
)
def test_invalid_texts_after_the_pixels_are_ignored(after: bytes, resize: Any) -> None:
    """Texts that are too long, damaged, or named like other metadata are ignored."""
    data = saved(PICTURE, "PNG")
    end = data.rindex(b"IEND") - 4
    report, rendition = resize(data[:end] + after + data[end:])
    assert report.outcome is Outcome.RESIZED
    assert not rendition.getexif()


@pytest.mark.parametrize("flood", [chunk(b"tEXt", b"k\0v") * 1000, chunk(b"prVt", bytes(100_000))])
def test_a_flood_after_the_pixels_is_not_read(flood: bytes, resize: Any) -> None:
    """EXIF after a flood of chunks is not read, and the picture is resized as stored."""
    report, rendition = resize(with_exif_after(saved(PICTURE, "PNG"), tagged_exif().tobytes(), flood))
    assert (report.outcome, rendition.size) == (Outcome.RESIZED, (480, 360))


def test_a_png_may_end_anywhere_after_its_pixels(resize: Any) -> None:
    """A PNG that ends anywhere after its pixels is resized."""
    plain = saved(PICTURE, "PNG")
    end = plain.rindex(b"IEND") - 4
    data = with_exif_after(plain, tagged_exif().tobytes())
    for kept in range(0, 60, 7):
        report, _ = resize(data[: end + kept], name=str(kept))
        assert report.outcome is Outcome.RESIZED, kept
