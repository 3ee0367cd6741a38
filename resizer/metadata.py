"""What of a source's metadata its renditions keep: by default who made it, and nothing of where or with what."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PIL import ExifTags, Image

if TYPE_CHECKING:
    from PIL.ImageFile import ImageFile

COPYRIGHT: Final = (ExifTags.Base.Artist, ExifTags.Base.Copyright)
# PNG's own keywords for the same (PNG specification, 11.3.3.2).
PNG_TEXTS: Final = {"Author": ExifTags.Base.Artist, "Copyright": ExifTags.Base.Copyright}
LONGEST_EXIF: Final = 1_048_576  # bytes; it fits into one segment of a JPEG, of 64 KB
LONGEST_TEXT: Final = 1000  # characters; a longer one is no name
# What describes the file that is left behind rather than the picture: how it lies, and its thumbnail.
OF_THE_FILE: Final = (
    ExifTags.Base.Orientation,
    ExifTags.Base.ImageWidth,
    ExifTags.Base.ImageLength,
    ExifTags.Base.JpegIFOffset,
    ExifTags.Base.JpegIFByteCount,
)


def kept_exif(image: ImageFile, keep: str) -> bytes:
    """The EXIF block for renditions by `RESIZER_KEEP_METADATA` (`copyright`, `none`, `all`); empty where none is kept.

    No block holds an orientation, for the pixels stand upright, nor a thumbnail. One that cannot be read is dropped.
    """
    if keep == "none":
        return b""
    try:
        exif = image.info.get("exif") or b""
        if (image.format == "PNG" and not exif) or len(exif) > LONGEST_EXIF:
            kept = Image.Exif()
        else:
            kept = _all(image) if keep == "all" else _copyright(image)
        for keyword, tag in PNG_TEXTS.items():
            if image.format == "PNG" and (text := image.info.get(keyword)):
                kept.setdefault(tag, str(text)[:LONGEST_TEXT])
        return kept.tobytes() if len(kept) else b""
    except Exception:  # noqa: BLE001 # hostile EXIF may raise anything; the picture does not need it
        return b""


def _copyright(image: ImageFile) -> Image.Exif:
    exif, kept = image.getexif(), Image.Exif()
    for tag in COPYRIGHT:
        if isinstance(text := exif.get(tag), str) and text.strip("\0 "):
            kept[tag] = text[:LONGEST_TEXT]
    return kept


def _all(image: ImageFile) -> Image.Exif:
    exif = image.getexif()
    for tag in OF_THE_FILE:
        exif.pop(tag, None)
    return exif
