"""Reads EXIF's orientation, by the same rules for every format."""

from __future__ import annotations

import io
import re
import struct
import warnings
from typing import Final

from PIL import ExifTags, TiffTags
from PIL.TiffImagePlugin import ImageFileDirectory_v2

from resizer.model import MAX_EXIF_BYTES

UPRIGHT: Final = 1
PREFIX: Final = re.compile(rb"(Exif\0\0){0,2}")  # some writers repeat it
HEADER: Final = 8  # bytes: byte order, version, offset of the first directory
INTEGERS: Final = frozenset(
    {
        TiffTags.BYTE, TiffTags.SHORT, TiffTags.LONG, TiffTags.LONG8,
        TiffTags.SIGNED_BYTE, TiffTags.SIGNED_SHORT, TiffTags.SIGNED_LONG,
    }
)  # fmt: skip
# Pillow raises these for damaged EXIF; the picture can still be resized.
DAMAGED: Final = (SyntaxError, struct.error, ValueError, KeyError, TypeError, IndexError, OSError)


def exif_orientation(exif: bytes | None) -> int:
    """The orientation, 1 to 8, in an EXIF block, with or without `Exif\\0\\0` in front; 1 if it has none.

    XMP never counts: browsers ignore its orientation, but Pillow's own `getexif` uses it.
    """
    if not exif or len(exif) > MAX_EXIF_BYTES:
        return UPRIGHT
    begin = PREFIX.match(exif)
    stream = io.BytesIO(exif[begin.end() if begin else 0 :])
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about damaged tags
            directory = ImageFileDirectory_v2(stream.read(HEADER))
            stream.seek(directory.next)
            directory.load(stream)
            return orientation_in(directory)
    except DAMAGED:
        return UPRIGHT


def orientation_in(directory: ImageFileDirectory_v2) -> int:
    """The orientation, 1 to 8, in a TIFF or EXIF directory: an integer of any type; 1 if it has none."""
    value = directory.get(ExifTags.Base.Orientation)
    if directory.tagtype.get(ExifTags.Base.Orientation) not in INTEGERS:
        return UPRIGHT
    if isinstance(value, (bytes, tuple)) and value:  # Pillow returns BYTE as bytes, several values as a tuple
        value = value[0]
    return value if isinstance(value, int) and value in range(1, 9) else UPRIGHT
