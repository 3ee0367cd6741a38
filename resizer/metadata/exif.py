"""The metadata that renditions keep: by default artist and copyright, but neither location nor camera."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Final

from PIL import ExifTags, Image, JpegImagePlugin, TiffImagePlugin
from PIL.ImageFile import ImageFile

from resizer.formats.orientation import ignored_damage
from resizer.formats.png_file import KEYWORDS
from resizer.model import MAX_EXIF_BYTES

if TYPE_CHECKING:
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
# Tags that are wrong after resizing and the conversion to sRGB.
OUTDATED: Final = frozenset(
    {Base.ColorSpace, Base.ExifImageWidth, Base.ExifImageHeight, Base.ExifInteroperabilityOffset}
)


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
    exif, rights, block = Image.Exif(), dict[int, bytes](), b""
    with ignored_damage():
        exif = _exif(image)
        texts = {tag: text for tag in COPYRIGHT if isinstance(text := _as_stored(exif.get(tag)), bytes)}
        rights = {tag: text[:MAX_TEXT] for tag, text in texts.items() if not _is_blank(text)}
    elsewhere = _elsewhere(image, warn)
    while len(rights) < len(COPYRIGHT) and (found := next(elsewhere, None)):
        rights = {tag: text[:MAX_TEXT].encode() for tag, text in zip(COPYRIGHT, found, strict=True) if text} | rights
    if keep == "all":
        with ignored_damage():
            block = _written(rights | _described(exif))
    if len(block) > MAX_SEGMENT_BYTES:
        warn(f"EXIF of {len(block)} bytes is too long for a JPEG; only artist and copyright are kept.")
        block = b""
    return block or _written(rights)


def _exif(image: ImageFile) -> Image.Exif:
    source = image.info.get("exif") or b""
    # Pillow would decode the whole PNG to look for EXIF after its pixels.
    unread = (image.format == "PNG" and not source) or len(source) > MAX_EXIF_BYTES
    return Image.Exif() if unread else image.getexif()


def _elsewhere(image: ImageFile, warn: Callable[[str], None]) -> Iterator[Rights]:
    """Rights from XMP, IPTC and texts, each read on demand, the most reliable first."""
    (has_iptc, is_newer), xmp = _has_iptc(image), image.info.get("xmp")
    texts = [str(image.info.get(keyword, "")) for keyword in KEYWORDS] if image.format == "PNG" else []
    if not (has_iptc or xmp or any(texts)):
        return
    from resizer.metadata import rights  # noqa: PLC0415 # takes 2 ms, and many photos have none of these

    if has_iptc and is_newer:
        yield rights.rights_in_iptc(image, warn)
    if isinstance(xmp, bytes):
        yield rights.rights_in_xmp(xmp, warn)
    if has_iptc and not is_newer:
        yield rights.rights_in_iptc(image, warn)
    yield rights.Rights(*map(rights.one_line, texts))


def _has_iptc(image: ImageFile) -> tuple[bool, bool]:
    """Whether a picture has IPTC, and whether a JPEG's digest shows that it was changed after the XMP."""
    if isinstance(image, JpegImagePlugin.JpegImageFile):
        resources = image.info.get("photoshop", {})
        block, digest = resources.get(IPTC), resources.get(IPTC_DIGEST)
        return bool(block), bool(block and digest) and digest != hashlib.md5(block, usedforsecurity=False).digest()
    return isinstance(image, TiffImagePlugin.TiffImageFile) and TIFF_IPTC in image.tag_v2, False


def _described(exif: Image.Exif) -> dict[int, object]:
    """The tags that are still correct for a rendition."""
    tags: dict[int, object] = {tag: _as_stored(exif[tag]) for tag in DESCRIPTIVE & set(exif)}
    for directory in DIRECTORIES:
        entries = exif.get_ifd(directory)
        tags[directory] = {tag: _as_stored(entries[tag]) for tag in entries.keys() - OUTDATED}
    return {tag: value for tag, value in tags.items() if not _is_blank(value)}


def _as_stored(value: object) -> object:
    """The original bytes of a text: Pillow reads any text as Latin-1, and would write it as ASCII."""
    return value.encode("latin-1", "replace") if isinstance(value, str) else value


def _is_blank(value: object) -> bool:
    """Whether a tag has only the blanks and zeros that cameras write, or a directory has no tags."""
    return value == {} or (isinstance(value, bytes) and not value.strip(b"\0 "))


def _written(tags: Mapping[int, object]) -> bytes:
    exif = Image.Exif()
    exif.update(tags)
    return exif.tobytes() if tags else b""
