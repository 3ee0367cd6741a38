"""What of a source's metadata its renditions keep: by default who made it, and nothing of where or with what."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

from PIL import ExifTags, Image, JpegImagePlugin, TiffImagePlugin

from resizer.formats.png_header import KEYWORDS
from resizer.model import MAX_EXIF_BYTES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from PIL.ImageFile import ImageFile

    from resizer.metadata.rights import Rights

Base = ExifTags.Base
COPYRIGHT: Final = (Base.Artist, Base.Copyright)
# Photoshop's image resources of a JPEG, and a TIFF's tag for the first.
IPTC, IPTC_DIGEST, TIFF_IPTC = 0x0404, 0x0425, 33723
MAX_TEXT: Final = 1000  # characters; a longer one is no name
MAX_SEGMENT_BYTES: Final = 65_533  # bytes that a JPEG can hold of it: a segment's length has 16 bits, and counts itself
# What describes the picture. All else of a TIFF's first directory, and of some cameras', is about how the file lies:
# its strips and tiles, its orientation, its thumbnail, its profile.
DESCRIPTIVE: Final = frozenset(
    {
        *COPYRIGHT, Base.DocumentName, Base.ImageDescription, Base.Make, Base.Model, Base.Software, Base.DateTime,
        Base.HostComputer, Base.XResolution, Base.YResolution, Base.ResolutionUnit, Base.Rating, Base.RatingPercent,
        Base.XPTitle, Base.XPComment, Base.XPAuthor, Base.XPKeywords, Base.XPSubject,
    }
)  # fmt: skip
DIRECTORIES: Final = (ExifTags.IFD.Exif, ExifTags.IFD.GPSInfo)
# What the conversion to sRGB and to another size makes untrue.
UNTRUE: Final = frozenset({Base.ColorSpace, Base.ExifImageWidth, Base.ExifImageHeight, Base.ExifInteroperabilityOffset})


def kept_exif(image: ImageFile, keep: str, warn: Callable[[str], None]) -> bytes:
    """The EXIF block for renditions by `RESIZER_KEEP_METADATA` (`copyright`, `none`, `all`); empty where none is kept.

    Artist and copyright stand there whoever wrote them: each is taken from EXIF, else from XMP, else from IPTC-IIM,
    else from a PNG's texts. That is the order of the Metadata Working Group's guidelines, version 2.0, by which
    IPTC comes before XMP only where its digest tells that it was changed since. Nothing else of these is kept.

    No block holds an orientation, for the pixels stand upright, nor a thumbnail or a profile. What cannot be read is
    dropped; of a block that is longer than a JPEG can hold artist and copyright are kept, and `warn` told.
    """
    if keep == "none":
        return b""
    rights = _rights(image, warn)
    block = _block(image, rights) if keep == "all" else b""
    if len(block) > MAX_SEGMENT_BYTES:
        warn(f"EXIF of {len(block)} bytes is more than a JPEG can hold; only artist and copyright are kept.")
        block = b""
    return block or _with(Image.Exif(), rights)


def _block(image: ImageFile, rights: dict[int, bytes]) -> bytes:
    try:
        return _with(_all(_exif(image)), rights)
    except Exception:  # noqa: BLE001 # hostile EXIF may raise anything; the picture does not need it
        return b""


def _with(exif: Image.Exif, rights: dict[int, bytes]) -> bytes:
    for tag, text in rights.items():
        if not _says(exif.get(tag)):
            exif[tag] = text
    return exif.tobytes() if len(exif) else b""


def _exif(image: ImageFile) -> Image.Exif:
    source = image.info.get("exif") or b""
    # Pillow would decode all of a PNG to look for EXIF behind its pixels.
    unread = (image.format == "PNG" and not source) or len(source) > MAX_EXIF_BYTES
    return Image.Exif() if unread else image.getexif()


def _rights(image: ImageFile, warn: Callable[[str], None]) -> dict[int, bytes]:
    """Artist and copyright by their tags, in EXIF's own bytes, or in UTF-8 where they come from elsewhere."""
    try:
        found = _copyright(_exif(image))
    except Exception:  # noqa: BLE001 # as above
        found = {}
    elsewhere = _elsewhere(image, warn)
    while len(found) < len(COPYRIGHT) and (rights := next(elsewhere, None)):
        for tag, text in zip(COPYRIGHT, (rights.artist, rights.copyright), strict=True):
            if text:
                found.setdefault(tag, text[:MAX_TEXT].encode())
    return found


def _elsewhere(image: ImageFile, warn: Callable[[str], None]) -> Iterator[Rights]:
    """What is told beside EXIF, each read no sooner than it is asked for, the most trusted first."""
    (has_iptc, is_newer), xmp = _has_iptc(image), image.info.get("xmp")
    texts = [str(image.info.get(keyword, "")) for keyword in KEYWORDS] if image.format == "PNG" else []
    if not (has_iptc or xmp or any(texts)):
        return
    from resizer.metadata import iptc, rights  # noqa: PLC0415 # 2 ms, and many photos have none of these
    from resizer.metadata.xmp import rights_in_xmp  # noqa: PLC0415 # as above

    if has_iptc and is_newer:
        yield iptc.rights_in_iptc(image, warn)
    if xmp and isinstance(xmp, bytes):
        yield rights_in_xmp(xmp, warn)
    if has_iptc and not is_newer:
        yield iptc.rights_in_iptc(image, warn)
    yield rights.Rights(*map(rights.one_line, texts))


def _has_iptc(image: ImageFile) -> tuple[bool, bool]:
    """Whether a picture has IPTC, and whether a JPEG's digest says that it was changed after the XMP was written."""
    if isinstance(image, JpegImagePlugin.JpegImageFile):
        resources = image.info.get("photoshop", {})
        block, digest = resources.get(IPTC), resources.get(IPTC_DIGEST)
        return bool(block), bool(block and digest) and digest != hashlib.md5(block, usedforsecurity=False).digest()
    if isinstance(image, TiffImagePlugin.TiffImageFile):
        return TIFF_IPTC in image.tag_v2, False
    return False, False


def _copyright(exif: Image.Exif) -> dict[int, bytes]:
    texts = {tag: exif.get(tag) for tag in COPYRIGHT}
    return {
        tag: text[:MAX_TEXT].encode("latin-1", "replace")
        for tag, text in texts.items()
        if isinstance(text, str) and _says(text)
    }


def _says(value: object) -> bool:
    """Whether a tag holds more than the blanks and zeros that cameras fill it with."""
    match value:
        case str():
            return bool(value.strip("\0 "))
        case bytes():
            return bool(value.strip(b"\0 "))
    return value is not None


def _all(exif: Image.Exif) -> Image.Exif:
    kept = Image.Exif()
    for tag in DESCRIPTIVE & set(exif):
        kept[tag] = _as_stored(exif[tag])
    for directory in DIRECTORIES:
        entries = {tag: _as_stored(value) for tag, value in exif.get_ifd(directory).items() if tag not in UNTRUE}
        if entries:
            kept[directory] = entries
    return kept


def _as_stored(value: object) -> object:
    """A text's own bytes, which Pillow reads as Latin-1 whatever they are, and would write as ASCII."""
    return value.encode("latin-1", "replace") if isinstance(value, str) else value
