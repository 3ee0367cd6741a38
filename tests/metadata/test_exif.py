"""Renditions keep exactly the chosen metadata, unchanged, and never so much that an image fails."""

import io
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import ExifTags, Image, ImageCms
from PIL.ImageFile import ImageFile
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

Base = ExifTags.Base
PICTURE = Image.new("RGB", (8, 8), "red")
NAMES = ["Ada Lovelace", "© 2024 Müller", "写真家"]


def as_file(data: bytes) -> ImageFile:
    """The picture as opened by its decoder."""
    image, _ = open_image(io.BytesIO(data), Limits(max_pixels=10**6, planned=of_widths(8), file_size=len(data)))
    return image


def kept(data: bytes, keep: str = "copyright") -> tuple[Image.Exif, list[str]]:
    """The EXIF that a rendition gets, and the warnings."""
    warnings: list[str] = []
    exif = Image.Exif()
    exif.load(kept_exif(as_file(data), keep, warnings.append))
    return exif, warnings


def with_tags(format_: str = "JPEG", **tags: Any) -> bytes:
    exif = Image.Exif()
    for name, value in tags.items():
        exif[getattr(Base, name)] = value
    return saved(PICTURE, format_, exif=exif.tobytes())


def test_names_keep_their_bytes() -> None:
    """A name's bytes are unchanged, whatever encoding a camera or program used."""
    for format_ in ["JPEG", "WEBP", "PNG"]:
        for written in [*(name.encode() for name in NAMES), "© Müller".encode("latin-1")]:
            exif, _ = kept(with_tags(format_, Copyright=written))
            assert exif[Base.Copyright].encode("latin-1") == written


@pytest.mark.parametrize("name", NAMES)
def test_a_pngs_author_becomes_a_tag(name: str) -> None:
    """The Author text of a PNG becomes an EXIF tag in UTF-8."""
    info = PngInfo()
    info.add_itxt("Author", name)
    exif, _ = kept(saved(PICTURE, "PNG", pnginfo=info))
    assert exif[Base.Artist].encode("latin-1").decode() == name


@pytest.mark.parametrize("keep", ["copyright", "all"])
def test_a_tiffs_structure_is_not_metadata(keep: str) -> None:
    """A TIFF's strips, sizes, profile, XMP and IPTC are never copied into a rendition's EXIF."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    info = {Base.Artist: "Ada", Base.Software: "Editor", 700: b"<xmp/>", 33723: b"iptc", 37724: b"layers"}
    data = saved(PICTURE, "TIFF", tiffinfo=info, icc_profile=profile)
    exif, _ = kept(data, keep)
    assert set(exif) == ({Base.Artist} if keep == "copyright" else {Base.Artist, Base.Software})


@pytest.mark.parametrize("format_", ["JPEG", "TIFF"])
def test_all_keeps_the_camera_and_the_place(format_: str) -> None:
    """With `all`, camera, texts, exposure and GPS are kept; tags that resizing makes wrong are removed."""
    exif = Image.Exif()
    exif[Base.Make], exif[Base.Orientation], exif[Base.Rating], exif[Base.XPTitle] = "Camera", 6, 5, b"T\0i\0"
    exif.get_ifd(ExifTags.IFD.Exif).update({Base.FNumber: 2.8, Base.ColorSpace: 0xFFFF, Base.ExifImageWidth: 4000})
    exif.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSLatitude] = (48.0, 8.0, 12.0)
    found, _ = kept(saved(PICTURE, format_, exif=exif.tobytes()), "all")
    assert (found[Base.Make], found[Base.Rating], found[Base.XPTitle]) == ("Camera", 5, b"T\0i\0")
    assert Base.Orientation not in found
    assert set(found.get_ifd(ExifTags.IFD.Exif)) == {Base.FNumber}
    assert found.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSLatitude] == (48.0, 8.0, 12.0)


def test_only_the_first_directory_of_a_bigtiff_is_kept() -> None:
    """A BigTIFF's exposure and GPS directories are left out, because EXIF does not have their format."""
    exif = Image.Exif()
    exif[Base.Make] = "Camera"
    exif.get_ifd(ExifTags.IFD.Exif)[Base.FNumber] = 2.8
    found, warnings = kept(saved(PICTURE, "TIFF", exif=exif.tobytes(), big_tiff=True), "all")
    assert (dict(found), warnings) == ({Base.Make: "Camera"}, [])


def test_exif_that_is_too_long_is_reduced_to_the_names() -> None:
    """If EXIF is too long for a JPEG segment, only artist and copyright are kept, with a warning."""
    data = with_tags("WEBP", ImageDescription="x" * 100_000, Copyright="Ada")
    exif, warnings = kept(data, "all")
    assert dict(exif) == {Base.Copyright: "Ada"}
    assert "only artist and copyright are kept" in warnings[0]
    block = kept_exif(as_file(with_tags("WEBP", ImageDescription="x" * (MAX_SEGMENT_BYTES - 100))), "all", print)
    assert len(opened(saved(PICTURE, "JPEG", exif=block)).info["exif"]) == len(block)


def test_a_long_name_is_cut() -> None:
    """Only the start of a very long name is kept."""
    exif, _ = kept(with_tags(Artist="x" * 5000))
    assert len(exif[Base.Artist]) == MAX_TEXT


ARTIST, NOTICE = "Zoë Müller", "© 2024 写真家"


def names(exif: Image.Exif) -> dict[int, str]:
    """The texts of EXIF tags, which Pillow decodes as Latin-1."""
    return {tag: text.encode("latin-1").decode() for tag, text in exif.items()}


def with_xmp(packet: bytes, **tags: Any) -> bytes:
    exif = Image.Exif()
    for name, value in tags.items():
        exif[getattr(Base, name)] = value
    return saved(PICTURE, "JPEG", exif=exif.tobytes(), xmp=packet)


def test_names_in_xmp_are_kept() -> None:
    """XMP's creator and rights become EXIF tags, in every format that holds XMP, and nothing else does."""
    for container in WITH_XMP:
        for keep in ["copyright", "all"]:
            exif, warnings = kept(WITH_XMP[container](xmp(ARTIST, NOTICE)), keep)
            assert (names(exif), warnings) == ({Base.Artist: ARTIST, Base.Copyright: NOTICE}, [])


@pytest.mark.parametrize("container", WITH_IPTC)
@pytest.mark.parametrize("keep", ["copyright", "all"])
def test_names_in_iptc_are_kept(container: str, keep: str) -> None:
    """IPTC's by-line and copyright notice become EXIF tags, however the block is stored, and nothing else does."""
    exif, warnings = kept(WITH_IPTC[container](iptc(ARTIST, NOTICE)), keep)
    assert (names(exif), warnings) == ({Base.Artist: ARTIST, Base.Copyright: NOTICE}, [])


@pytest.mark.parametrize("data", [WITH_XMP["JPEG"](xmp(ARTIST, NOTICE)), WITH_IPTC["JPEG"](iptc(ARTIST, NOTICE))])
def test_nothing_else_in_xmp_and_iptc_is_kept(data: bytes) -> None:
    """Caption, place, position and address are never kept, and `none` keeps no name either."""
    block = kept_exif(as_file(data), "all", print)
    assert ARTIST.encode() in block
    assert not [text for text in PRIVATE if text.encode() in block]
    assert kept_exif(as_file(data), "none", print) == b""


def test_each_name_comes_from_the_most_trusted_block() -> None:
    """EXIF wins over XMP, XMP over IPTC unless IPTC's digest says that it is newer, and IPTC over a PNG's texts."""
    for data, artist, notice in [
        (with_xmp(xmp("x", "x"), Artist="e", Copyright="e"), "e", "e"),
        (with_xmp(xmp("x", "x"), Artist="e"), "e", "x"),
        (with_xmp(xmp("x", "x"), Artist="   ", Copyright="e"), "x", "e"),
        (jpeg_with_iptc(iptc("i", "i"), xmp=xmp("x", "x")), "x", "x"),
        (jpeg_with_iptc(iptc("i", "i"), xmp=xmp("x")), "x", "i"),
        (jpeg_with_iptc(iptc("i", "i"), digest_of(iptc("i", "i")), xmp=xmp("x", "x")), "x", "x"),
        (jpeg_with_iptc(iptc("i", "i"), digest_of(b"before"), xmp=xmp("x", "x")), "i", "i"),
        (jpeg_with_iptc(iptc("i"), digest_of(b"before"), xmp=xmp("x", "x")), "i", "x"),
        (png_with_texts(Author="p", Copyright="p", **{"XML:com.adobe.xmp": xmp("x").decode()}), "x", "p"),
    ]:
        exif, _ = kept(data)
        assert (exif[Base.Artist], exif[Base.Copyright]) == (artist, notice)


def test_all_adds_the_names_to_the_rest() -> None:
    """With `all`, tags stay unchanged, and names that only XMP has are added."""
    exif, _ = kept(with_xmp(xmp("x", "x"), Make="Camera", Artist="e" * 2000, Copyright=" "), "all")
    assert dict(exif) == {Base.Make: "Camera", Base.Artist: "e" * 2000, Base.Copyright: "x"}


@pytest.mark.parametrize("keep", ["copyright", "all"])
def test_other_blocks_are_read_only_if_exif_lacks_a_name(keep: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """If EXIF has both names, neither XMP nor IPTC is read."""
    calls: list[str] = []

    def read(name: str) -> Callable[..., rights.Rights]:
        return lambda *_: calls.append(name) or rights.Rights()  # type: ignore[func-returns-value] # `append` returns None

    monkeypatch.setattr(rights, "rights_in_xmp", read("XMP"))
    monkeypatch.setattr(rights, "rights_in_iptc", read("IPTC"))
    kept(jpeg_with_iptc(iptc("i"), xmp=xmp("x"), exif=with_both()), keep)
    assert calls == []
    kept(jpeg_with_iptc(iptc("i"), xmp=xmp("x")), keep)
    assert calls == ["XMP", "IPTC"]


def with_both() -> Image.Exif:
    exif = Image.Exif()
    exif[Base.Artist], exif[Base.Copyright] = "Ada", "mine"
    return exif


@pytest.mark.parametrize("keep", ["copyright", "all"])
@pytest.mark.parametrize(
    "damaged", [b"Exif\0\0garbage!", b"Exif\0\0II*\0\x08\0\0\0\x05\0", b"Exif\0\0MM\0*\xff\xff\xff\xff"]
)
def test_names_in_xmp_are_kept_despite_damaged_exif(damaged: bytes, keep: str) -> None:
    """If EXIF cannot be read, the names in XMP are kept."""
    exif, _ = kept(saved(PICTURE, "JPEG", exif=b"Exif\0\0" + damaged, xmp=xmp("x", "x")), keep)
    assert dict(exif) == {Base.Artist: "x", Base.Copyright: "x"}


def test_a_tag_of_the_wrong_type_is_ignored() -> None:
    """A tag of the wrong type counts as damage, not as our fault, and the names are kept."""
    exif = with_tags(Artist="Ada", Software="PixelFix")
    assert exif.count(b"\1\x31\0\2\0\0\0\x09") == 1
    data = exif.replace(b"\1\x31\0\2\0\0\0\x09", b"\1\x31\0\x0c\0\0\0\1")  # Software as a double
    assert dict(kept(data, "all")[0]) == {Base.Artist: "Ada"}


def test_after_a_damaged_block_the_next_is_read() -> None:
    """Damaged XMP gives a warning, and IPTC is read; if both are damaged, no name is kept."""
    exif, warnings = kept(jpeg_with_iptc(iptc("i"), xmp=xmp("x")[:-40] + b"<"))
    assert dict(exif) == {Base.Artist: "i"}
    assert ["XMP" in text for text in warnings] == [True]
    exif, warnings = kept(jpeg_with_iptc(dataset(2, 80, b"i") + b"?????", xmp=b"<creator>"))
    assert not exif
    assert [text[:8] for text in warnings] == ["The XMP ", "The IPTC"]


@pytest.mark.parametrize("keyword", ["xmp", "photoshop"])
def test_a_text_named_like_a_block_is_not_that_block(keyword: str) -> None:
    """A PNG's text with a name that Pillow uses for XMP or Photoshop's block is ignored."""
    exif, warnings = kept(png_with_texts(**{keyword: "<creator>", "Author": "p"}))
    assert (dict(exif), warnings) == ({Base.Artist: "p"}, [])


def test_a_long_name_in_xmp_is_cut() -> None:
    """Only the start of a very long name in XMP is kept."""
    exif, _ = kept(with_xmp(xmp("ü" * 5000)))
    assert names(exif) == {Base.Artist: "ü" * MAX_TEXT}


@pytest.mark.parametrize("kind", MISTAKES)
@pytest.mark.parametrize("step", ["_exif", "_as_stored", "_described", "_written", "_has_iptc"])
def test_a_bug_is_not_damaged_exif(step: str, kind: type[Exception], monkeypatch: pytest.MonkeyPatch) -> None:
    """A bug while EXIF is read or written fails the record, and does not count as damaged metadata."""
    monkeypatch.setattr(exif_reader, step, mistake(kind))
    with pytest.raises(kind, match="our mistake"):
        kept(with_tags(Artist="Ada"), "all")


@given(st.binary(), st.binary(), st.binary(max_size=16))
def test_no_block_raises(packet: bytes, block: bytes, digest: bytes) -> None:
    """Whatever a JPEG's blocks hold, reading them raises no error."""
    image = as_file(saved(PICTURE, "JPEG"))
    image.info |= {"xmp": b"creator" + packet, "photoshop": {0x0404: block, 0x0425: digest}}
    for keep in ("copyright", "all"):
        assert isinstance(kept_exif(image, keep, lambda _: None), bytes)
