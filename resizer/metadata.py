"""What of a source's metadata its renditions keep: by default who made it, and nothing of where or with what."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PIL import ExifTags, Image

from resizer.model import LONGEST_EXIF

if TYPE_CHECKING:
    from collections.abc import Callable

    from PIL.ImageFile import ImageFile

Base = ExifTags.Base
COPYRIGHT: Final = (Base.Artist, Base.Copyright)
# PNG's own keywords for the same (PNG specification, 11.3.3.2).
PNG_TEXTS: Final = {"Author": Base.Artist, "Copyright": Base.Copyright}
LONGEST_TEXT: Final = 1000  # characters; a longer one is no name
LONGEST_SEGMENT: Final = 65_533  # bytes that a JPEG can hold of it: a segment's length has 16 bits, and counts itself
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

    No block holds an orientation, for the pixels stand upright, nor a thumbnail or a profile. One that cannot be read
    is dropped; of one that is longer than a JPEG can hold `copyright` is kept, and `warn` told.
    """
    if keep == "none":
        return b""
    try:
        block = _block(image, _all if keep == "all" else _copyright)
        if len(block) > LONGEST_SEGMENT:
            warn(f"EXIF of {len(block)} bytes is more than a JPEG can hold; only artist and copyright are kept.")
            block = _block(image, _copyright)
    except Exception:  # noqa: BLE001 # hostile EXIF may raise anything; the picture does not need it
        return b""
    return block


def _block(image: ImageFile, pick: Callable[[Image.Exif], Image.Exif]) -> bytes:
    source = image.info.get("exif") or b""
    # Pillow would decode all of a PNG to look for EXIF behind its pixels.
    unread = (image.format == "PNG" and not source) or len(source) > LONGEST_EXIF
    kept = Image.Exif() if unread else pick(image.getexif())
    for keyword, tag in PNG_TEXTS.items():
        if image.format == "PNG" and (text := image.info.get(keyword)):
            kept.setdefault(tag, str(text)[:LONGEST_TEXT].encode())
    return kept.tobytes() if len(kept) else b""


def _copyright(exif: Image.Exif) -> Image.Exif:
    kept = Image.Exif()
    for tag in COPYRIGHT:
        if isinstance(text := exif.get(tag), str) and text.strip("\0 "):
            kept[tag] = _as_stored(text[:LONGEST_TEXT])
    return kept


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
