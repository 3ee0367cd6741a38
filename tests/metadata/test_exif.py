"""Of the metadata exactly what was chosen stays, as it was written, and never so much that an image fails."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import ExifTags, Image, ImageCms
from PIL.PngImagePlugin import PngInfo

from resizer.decode.header import Limits, open_image
from resizer.metadata import exif as exif_reader
from resizer.metadata import rights
from resizer.metadata.exif import MAX_SEGMENT_BYTES, MAX_TEXT, kept_exif
from tests.support.mistakes import MISTAKES, mistake
from tests.support.pictures import opened, saved
from tests.support.plans import of_widths
from tests.support.rights_blocks import (
    PRIVATE,
    WITH_IPTC,
    WITH_XMP,
    dataset,
    digest_of,
    iptc,
    jpeg_with_iptc,
    png_with_texts,
    xmp,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from PIL.ImageFile import ImageFile

Base = ExifTags.Base
PICTURE = Image.new("RGB", (8, 8), "red")
NAMES = ["Ada Lovelace", "© 2024 Müller", "写真家"]


def as_file(data: bytes) -> ImageFile:
    """The picture as a decoder gives it."""
    image, _ = open_image(io.BytesIO(data), Limits(max_pixels=10**6, planned=of_widths(8), file_size=len(data)))
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


@pytest.mark.parametrize("format_", ["JPEG", "TIFF"])
def test_all_keeps_the_camera_and_the_place(format_: str) -> None:
    """With `all`, camera, texts, exposure and GPS stay; what resizing makes untrue goes."""
    exif = Image.Exif()
    exif[Base.Make], exif[Base.Orientation], exif[Base.Rating], exif[Base.XPTitle] = "Camera", 6, 5, b"T\0i\0"
    exif.get_ifd(ExifTags.IFD.Exif).update({Base.FNumber: 2.8, Base.ColorSpace: 0xFFFF, Base.ExifImageWidth: 4000})
    exif.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSLatitude] = (48.0, 8.0, 12.0)
    found, _ = kept(saved(PICTURE, format_, exif=exif.tobytes()), "all")
    assert (found[Base.Make], found[Base.Rating], found[Base.XPTitle]) == ("Camera", 5, b"T\0i\0")
    assert Base.Orientation not in found
    assert set(found.get_ifd(ExifTags.IFD.Exif)) == {Base.FNumber}
    assert found.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSLatitude] == (48.0, 8.0, 12.0)


def test_of_a_bigtiff_the_first_directory_is_kept() -> None:
    """Its directories of exposure and position are in a form that EXIF does not have: they are left out."""
    exif = Image.Exif()
    exif[Base.Make] = "Camera"
    exif.get_ifd(ExifTags.IFD.Exif)[Base.FNumber] = 2.8
    found, warnings = kept(saved(PICTURE, "TIFF", exif=exif.tobytes(), big_tiff=True), "all")
    assert (dict(found), warnings) == ({Base.Make: "Camera"}, [])


def test_what_a_jpeg_cannot_hold_is_cut_to_the_names() -> None:
    """EXIF that is longer than a JPEG's segment does not fail the picture: names stay, and a warning tells."""
    data = with_tags("WEBP", ImageDescription="x" * 100_000, Copyright="Ada")
    exif, warnings = kept(data, "all")
    assert dict(exif) == {Base.Copyright: "Ada"}
    assert "only artist and copyright are kept" in warnings[0]
    block = kept_exif(as_file(with_tags("WEBP", ImageDescription="x" * (MAX_SEGMENT_BYTES - 100))), "all", print)
    assert len(opened(saved(PICTURE, "JPEG", exif=block)).info["exif"]) == len(block)


def test_a_name_is_not_a_novel() -> None:
    """Of a text that is too long to be a name its beginning stays."""
    exif, _ = kept(with_tags(Artist="x" * 5000))
    assert len(exif[Base.Artist]) == MAX_TEXT


ARTIST, NOTICE = "Zoë Müller", "© 2024 写真家"


def names(exif: Image.Exif) -> dict[int, str]:
    """The texts of EXIF's tags, which Pillow takes for Latin letters."""
    return {tag: text.encode("latin-1").decode() for tag, text in exif.items()}


def with_xmp(packet: bytes, **tags: Any) -> bytes:
    exif = Image.Exif()
    for name, value in tags.items():
        exif[getattr(Base, name)] = value
    return saved(PICTURE, "JPEG", exif=exif.tobytes(), xmp=packet)


@pytest.mark.parametrize("container", WITH_XMP)
@pytest.mark.parametrize("keep", ["copyright", "all"])
def test_names_that_xmp_alone_tells_stay(container: str, keep: str) -> None:
    """Creator and rights of XMP become tags of EXIF, from every format that holds XMP, and nothing else does."""
    exif, warnings = kept(WITH_XMP[container](xmp(ARTIST, NOTICE)), keep)
    assert (names(exif), warnings) == ({Base.Artist: ARTIST, Base.Copyright: NOTICE}, [])


@pytest.mark.parametrize("container", WITH_IPTC)
@pytest.mark.parametrize("keep", ["copyright", "all"])
def test_names_that_iptc_alone_tells_stay(container: str, keep: str) -> None:
    """By-line and copyright notice of IPTC become tags of EXIF, however the block lies, and nothing else does."""
    exif, warnings = kept(WITH_IPTC[container](iptc(ARTIST, NOTICE)), keep)
    assert (names(exif), warnings) == ({Base.Artist: ARTIST, Base.Copyright: NOTICE}, [])


@pytest.mark.parametrize("data", [WITH_XMP["JPEG"](xmp(ARTIST, NOTICE)), WITH_IPTC["JPEG"](iptc(ARTIST, NOTICE))])
def test_nothing_else_of_these_blocks_stays(data: bytes) -> None:
    """Caption, place, position and address are in no block for renditions, and `none` keeps no name either."""
    block = kept_exif(as_file(data), "all", print)
    assert ARTIST.encode() in block
    assert not [text for text in PRIVATE if text.encode() in block]
    assert kept_exif(as_file(data), "none", print) == b""


@pytest.mark.parametrize(
    ("data", "artist", "notice"),
    [
        (with_xmp(xmp("x", "x"), Artist="e", Copyright="e"), "e", "e"),
        (with_xmp(xmp("x", "x"), Artist="e"), "e", "x"),
        (with_xmp(xmp("x", "x"), Artist="   ", Copyright="e"), "x", "e"),
        (jpeg_with_iptc(iptc("i", "i"), xmp=xmp("x", "x")), "x", "x"),
        (jpeg_with_iptc(iptc("i", "i"), xmp=xmp("x")), "x", "i"),
        (jpeg_with_iptc(iptc("i", "i"), digest_of(iptc("i", "i")), xmp=xmp("x", "x")), "x", "x"),
        (jpeg_with_iptc(iptc("i", "i"), digest_of(b"before"), xmp=xmp("x", "x")), "i", "i"),
        (jpeg_with_iptc(iptc("i"), digest_of(b"before"), xmp=xmp("x", "x")), "i", "x"),
        (png_with_texts(Author="p", Copyright="p", **{"XML:com.adobe.xmp": xmp("x").decode()}), "x", "p"),
    ],
)
def test_each_name_comes_from_the_most_trusted(data: bytes, artist: str, notice: str) -> None:
    """EXIF, then XMP, then IPTC, which comes first where its digest says that it is newer, then a PNG's texts."""
    exif, _ = kept(data)
    assert (exif[Base.Artist], exif[Base.Copyright]) == (artist, notice)


def test_all_adds_the_names_to_the_rest() -> None:
    """With `all`, tags that are there stay as they are, and names that only XMP tells are added."""
    exif, _ = kept(with_xmp(xmp("x", "x"), Make="Camera", Artist="e" * 2000, Copyright=" "), "all")
    assert dict(exif) == {Base.Make: "Camera", Base.Artist: "e" * 2000, Base.Copyright: "x"}


@pytest.mark.parametrize("keep", ["copyright", "all"])
def test_nothing_is_looked_for_that_exif_has(keep: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where EXIF tells both names, neither XMP nor IPTC is read."""
    asked: list[str] = []

    def read(name: str) -> Callable[..., rights.Rights]:
        return lambda *_: asked.append(name) or rights.Rights()  # type: ignore[func-returns-value] # it is called for that

    monkeypatch.setattr(rights, "rights_in_xmp", read("XMP"))
    monkeypatch.setattr(rights, "rights_in_iptc", read("IPTC"))
    kept(jpeg_with_iptc(iptc("i"), xmp=xmp("x"), exif=with_both()), keep)
    assert asked == []
    kept(jpeg_with_iptc(iptc("i"), xmp=xmp("x")), keep)
    assert asked == ["XMP", "IPTC"]


def with_both() -> Image.Exif:
    exif = Image.Exif()
    exif[Base.Artist], exif[Base.Copyright] = "Ada", "mine"
    return exif


@pytest.mark.parametrize("keep", ["copyright", "all"])
@pytest.mark.parametrize(
    "damaged", [b"Exif\0\0garbage!", b"Exif\0\0II*\0\x08\0\0\0\x05\0", b"Exif\0\0MM\0*\xff\xff\xff\xff"]
)
def test_damaged_exif_takes_no_other_names_along(damaged: bytes, keep: str) -> None:
    """Where EXIF cannot be read, the names that XMP tells stay."""
    exif, _ = kept(saved(PICTURE, "JPEG", exif=b"Exif\0\0" + damaged, xmp=xmp("x", "x")), keep)
    assert dict(exif) == {Base.Artist: "x", Base.Copyright: "x"}


def test_a_number_in_the_place_of_a_text_is_damage() -> None:
    """A tag of a type that it should not have is not our fault: the names stay."""
    exif = with_tags(Artist="Ada", Software="PixelFix")
    assert exif.count(b"\1\x31\0\2\0\0\0\x09") == 1
    data = exif.replace(b"\1\x31\0\2\0\0\0\x09", b"\1\x31\0\x0c\0\0\0\1")  # Software as a double
    assert dict(kept(data, "all")[0]) == {Base.Artist: "Ada"}


def test_a_damaged_block_leaves_it_to_the_next() -> None:
    """XMP that is no XML is told of, and IPTC is read; both damaged leave the picture without names."""
    exif, warnings = kept(jpeg_with_iptc(iptc("i"), xmp=xmp("x")[:-40] + b"<"))
    assert dict(exif) == {Base.Artist: "i"}
    assert ["XMP" in text for text in warnings] == [True]
    exif, warnings = kept(jpeg_with_iptc(dataset(2, 80, b"i") + b"?????", xmp=b"<creator>"))
    assert not exif
    assert [text[:8] for text in warnings] == ["The XMP ", "The IPTC"]


@pytest.mark.parametrize("keyword", ["xmp", "photoshop"])
def test_a_text_is_not_what_it_is_called(keyword: str) -> None:
    """A PNG's text under the name by which a decoder hands on a block is no such block."""
    exif, warnings = kept(png_with_texts(**{keyword: "<creator>", "Author": "p"}))
    assert (dict(exif), warnings) == ({Base.Artist: "p"}, [])


def test_a_name_elsewhere_is_no_novel_either() -> None:
    """Of a text in XMP that is too long to be a name its beginning stays."""
    exif, _ = kept(with_xmp(xmp("ü" * 5000)))
    assert names(exif) == {Base.Artist: "ü" * MAX_TEXT}


@pytest.mark.parametrize("kind", MISTAKES)
@pytest.mark.parametrize("step", ["_exif", "_as_stored", "_described", "_written", "_has_iptc"])
def test_a_mistake_of_ours_is_not_damaged_exif(
    step: str, kind: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bug while EXIF is read or written fails the record: it is not taken for metadata that cannot be read."""
    monkeypatch.setattr(exif_reader, step, mistake(kind))
    with pytest.raises(kind, match="our mistake"):
        kept(with_tags(Artist="Ada"), "all")


@given(st.binary(), st.binary(), st.binary(max_size=16))
def test_no_block_raises(packet: bytes, block: bytes, digest: bytes) -> None:
    """Whatever stands in a JPEG's blocks, there is EXIF for its renditions, or none."""
    image = as_file(saved(PICTURE, "JPEG"))
    image.info |= {"xmp": b"creator" + packet, "photoshop": {0x0404: block, 0x0425: digest}}
    for keep in ("copyright", "all"):
        assert isinstance(kept_exif(image, keep, lambda _: None), bytes)
