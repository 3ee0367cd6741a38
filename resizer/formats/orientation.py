"""How EXIF says that a picture must be turned: the same rules for every format."""

from __future__ import annotations

import struct
import warnings
from typing import Final

from PIL import ExifTags, Image

from resizer.model import LONGEST_EXIF

UPRIGHT: Final = 1
# What Pillow raises for damaged EXIF, which does not make the picture a damaged one.
DAMAGED: Final = (SyntaxError, struct.error, ValueError, KeyError, TypeError, IndexError, OSError)


def exif_orientation(exif: bytes | None) -> int:
    """The orientation, 1 to 8, in an EXIF block, with or without `Exif\\0\\0` in front; 1 where it has none.

    XMP never counts: no browser turns a picture by it, and Pillow's own `getexif` does.
    """
    if not exif or len(exif) > LONGEST_EXIF:
        return UPRIGHT
    tags = Image.Exif()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about damaged tags
            tags.load(exif)
            return orientation_from(tags.get(ExifTags.Base.Orientation))
    except DAMAGED:
        return UPRIGHT


def orientation_from(value: object) -> int:
    """The orientation, 1 to 8, that a tag's value means in Pillow, whatever integer type the file gives it."""
    if isinstance(value, (bytes, tuple)) and value:  # BYTE comes as bytes, several values as a tuple
        value = value[0]
    return value if isinstance(value, int) and value in range(1, 9) else UPRIGHT
