"""Reads EXIF's orientation, by the same rules for every format."""

from __future__ import annotations

import re
import struct
from typing import Final

from PIL import ExifTags

from resizer.model import MAX_EXIF_BYTES

UPRIGHT: Final = 1
PREFIX: Final = re.compile(rb"(Exif\0\0){0,2}")  # some writers repeat it
# Integers of a directory by their types (TIFF 6.0, section 2), as `struct` reads them.
INTEGERS: Final = {1: "B", 3: "H", 4: "L", 6: "b", 8: "h", 9: "l"}


def exif_orientation(exif: bytes | None) -> int:
    """The orientation, 1 to 8, in an EXIF block, with or without `Exif\\0\\0` in front; 1 if it has none.

    Pillow's `getexif` would also use XMP's orientation, which browsers ignore.
    """
    tiff = PREFIX.sub(b"", (exif or b"")[:MAX_EXIF_BYTES], count=1)
    order = ">" if tiff.startswith(b"MM") else "<"
    try:
        (at,) = struct.unpack_from(f"{order}L", tiff, 4)
        (count,) = struct.unpack_from(f"{order}H", tiff, at)
        for entry in range(at + 2, at + 2 + 12 * count, 12):
            tag, kind, values, value = struct.unpack_from(f"{order}HHL4s", tiff, entry)
            if tag == ExifTags.Base.Orientation and kind in INTEGERS and values == 1:
                (found,) = struct.unpack_from(order + INTEGERS[kind], value)
                return found if found in range(1, 9) else UPRIGHT
    except struct.error:  # it is damaged, but the picture can be resized
        pass
    return UPRIGHT
