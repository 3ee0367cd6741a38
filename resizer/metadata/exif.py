"""The metadata that renditions keep: by default artist and copyright, but no place and no camera."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

from PIL import ExifTags, Image, JpegImagePlugin, TiffImagePlugin

from resizer.formats.png_file import KEYWORDS
from resizer.model import MAX_EXIF_BYTES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from PIL.ImageFile import ImageFile

    from resizer.metadata.rights import Rights

Base = ExifTags.Base
COPYRIGHT: Final = (Base.Artist, Base.Copyright)
# Photoshop's image resources of a JPEG, and a TIFF's tag for the first.
IPTC, IPTC_DIGEST, TIFF_IPTC = 0x0404, 0x0425, 33723
MAX_TEXT: Final = 1000  # characters; names are shorter
MAX_SEGMENT_BYTES: Final = 65_533  # a JPEG segment's length has 16 bits and includes its own two bytes
# Tags that describe the picture. The others in a first directory describe the file: strips and tiles, orientation,
# thumbnail, profile.
DESCRIPTIVE: Final = frozenset(
    {
        *COPYRIGHT, Base.DocumentName, Base.ImageDescription, Base.Make, Base.Model, Base.Software, Base.DateTime,
        Base.HostComputer, Base.XResolution, Base.YResolution, Base.ResolutionUnit, Base.Rating, Base.RatingPercent,
        Base.XPTitle, Base.XPComment, Base.XPAuthor, Base.XPKeywords, Base.XPSubject,
    }
)  # fmt: skip
DIRECTORIES: Final = (ExifTags.IFD.Exif, ExifTags.IFD.GPSInfo)
# Tags that are wrong after the conversion to sRGB and to another size.
UNTRUE: Final = frozenset({Base.ColorSpace, Base.ExifImageWidth, Base.ExifImageHeight, Base.ExifInteroperabilityOffset})


def kept_exif(image: ImageFile, keep: str, warn: Callable[[str], None]) -> bytes:
    """The EXIF block for renditions by `RESIZER_KEEP_METADATA` (`copyright`, `none`, `all`); empty if nothing is kept.

    Artist and copyright each come from EXIF, else from XMP, else from IPTC-IIM, else from a PNG's texts. That is the
    order of the Metadata Working Group's guidelines, version 2.0: IPTC comes before XMP only if its digest shows that
    it was changed later. Nothing else is kept of XMP, IPTC and texts.

    The block never contains an orientation (pixels are upright), a thumbnail or a profile. Unreadable EXIF is dropped.
    If the block is too long for a JPEG, only artist and copyright are kept, and `warn` is called.
    """
    if keep == "none":
        return b""
    rights = _rights(image, warn)
    block = _block(image, rights) if keep == "all" else b""
    if len(block) > MAX_SEGMENT_BYTES:
        warn(f"EXIF of {len(block)} bytes is too long for a JPEG; only artist and copyright are kept.")
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
    # Pillow would decode the whole PNG to look for EXIF after its pixels.
    unread = (image.format == "PNG" and not source) or len(source) > MAX_EXIF_BYTES
    return Image.Exif() if unread else image.getexif()


def _rights(image: ImageFile, warn: Callable[[str], None]) -> dict[int, bytes]:
    """Artist and copyright by tag: EXIF's own bytes, or UTF-8 if they come from elsewhere."""
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
    """Rights from other blocks than EXIF, each read on demand, the most trusted first."""
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
    """Whether a picture has IPTC, and whether a JPEG's digest shows that it was changed after the XMP."""
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
    """Whether a tag has more than the blanks and zeros that cameras write."""
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
    """The original bytes of a text: Pillow reads any text as Latin-1, and would write it as ASCII."""
    return value.encode("latin-1", "replace") if isinstance(value, str) else value
