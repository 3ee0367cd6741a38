"""Of the metadata exactly what was chosen stays, as it was written, and never so much that an image fails."""

from __future__ import annotations

from typing import Any

import pytest
from PIL import ExifTags, Image, ImageCms
from PIL.ImageFile import ImageFile
from PIL.PngImagePlugin import PngInfo

from resizer.metadata import LONGEST_SEGMENT, LONGEST_TEXT, kept_exif
from tests.pictures import opened, saved

Base = ExifTags.Base
PICTURE = Image.new("RGB", (8, 8), "red")
NAMES = ["Ada Lovelace", "© 2024 Müller", "写真家"]


def as_file(data: bytes) -> ImageFile:
    """The picture as a decoder gives it."""
    image = opened(data)
    assert isinstance(image, ImageFile)
    return image


def kept(data: bytes, keep: str = "copyright") -> tuple[Image.Exif, list[str]]:
    """What a rendition is given, and what was warned of."""
    warnings: list[str] = []
    exif = Image.Exif()
    exif.load(kept_exif(as_file(data), keep, warnings.append))
    return exif, warnings


def with_tags(format_: str = "JPEG", **tags: Any) -> bytes:
    exif = Image.Exif()
    for name, value in tags.items():
        exif[getattr(Base, name)] = value
    return saved(PICTURE, format_, exif=exif.tobytes())


@pytest.mark.parametrize("format_", ["JPEG", "WEBP", "PNG"])
@pytest.mark.parametrize("written", [*(name.encode() for name in NAMES), "© Müller".encode("latin-1")])
def test_names_keep_their_letters(written: bytes, format_: str) -> None:
    """A name's bytes stay as they were, in whatever encoding a camera or program wrote them."""
    exif, _ = kept(with_tags(format_, Copyright=written))
    assert exif[Base.Copyright].encode("latin-1") == written


@pytest.mark.parametrize("name", NAMES)
def test_a_png_s_own_texts_become_tags(name: str) -> None:
    """Author and Copyright of a PNG stay, in UTF-8."""
    info = PngInfo()
    info.add_itxt("Author", name)
    exif, _ = kept(saved(PICTURE, "PNG", pnginfo=info))
    assert exif[Base.Artist].encode("latin-1").decode() == name


@pytest.mark.parametrize("keep", ["copyright", "all"])
def test_a_tiff_s_structure_is_not_metadata(keep: str) -> None:
    """Strips, sizes, profile, XMP and IPTC of a TIFF are never copied into another file's EXIF."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    info = {Base.Artist: "Ada", Base.Software: "Editor", 700: b"<xmp/>", 33723: b"iptc", 37724: b"layers"}
    data = saved(PICTURE, "TIFF", tiffinfo=info, icc_profile=profile)
    exif, _ = kept(data, keep)
    assert set(exif) == ({Base.Artist} if keep == "copyright" else {Base.Artist, Base.Software})


def test_all_keeps_the_camera_and_the_place() -> None:
    """With `all`, camera, exposure and GPS stay; what resizing makes untrue goes."""
    exif = Image.Exif()
    exif[Base.Make], exif[Base.Orientation] = "Camera", 6
    exif.get_ifd(ExifTags.IFD.Exif).update({Base.FNumber: 2.8, Base.ColorSpace: 0xFFFF, Base.ExifImageWidth: 4000})
    exif.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSLatitude] = (48.0, 8.0, 12.0)
    found, _ = kept(saved(PICTURE, "JPEG", exif=exif.tobytes()), "all")
    assert found[Base.Make] == "Camera"
    assert Base.Orientation not in found
    assert set(found.get_ifd(ExifTags.IFD.Exif)) == {Base.FNumber}
    assert found.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSLatitude] == (48.0, 8.0, 12.0)


def test_what_a_jpeg_cannot_hold_is_cut_to_the_names() -> None:
    """EXIF that is longer than a JPEG's segment does not fail the picture: names stay, and a warning tells."""
    data = with_tags("WEBP", ImageDescription="x" * 100_000, Copyright="Ada")
    exif, warnings = kept(data, "all")
    assert dict(exif) == {Base.Copyright: "Ada"}
    assert "only artist and copyright are kept" in warnings[0]
    block = kept_exif(as_file(with_tags("WEBP", ImageDescription="x" * (LONGEST_SEGMENT - 100))), "all", print)
    assert len(opened(saved(PICTURE, "JPEG", exif=block)).info["exif"]) == len(block)


def test_a_name_is_not_a_novel() -> None:
    """Of a text that is too long to be a name its beginning stays."""
    exif, _ = kept(with_tags(Artist="x" * 5000))
    assert len(exif[Base.Artist]) == LONGEST_TEXT
