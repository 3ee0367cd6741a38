"""What a file is made of, walked through before a decoder sees it: parts without end and sizes within are found here.

Decoders keep or step over each part one by one, so that a few megabytes of empty ones take hundreds of megabytes or
minutes. No honest file comes near these bounds.
"""

from __future__ import annotations

import io
import struct
from typing import IO, Final

from resizer.errors import Reason, Rejected
from resizer.formats import jpeg2000

MOST_PARTS: Final = 10_000  # a PNG's chunks before its pixels
MOST_PICTURES: Final = 256  # of an icon
MOST_TAGS: Final = 4096  # of a TIFF's first directory
MOST_NUMBERS: Final = 200_000  # of one tag: offsets of strips or tiles are the longest, and Pillow keeps each apart
PNG: Final = b"\x89PNG\r\n\x1a\n"
BYTES, TEXT, SIGNED_BYTES, OPAQUE = 1, 2, 6, 7  # types of tags (TIFF 6.0, section 2) that are kept as they are


def check_structure(format_: str, stream: IO[bytes]) -> tuple[int, int] | None:
    """The size in pixels that a decoder will meet within, where the file's own header does not settle it.

    The stream ends where it began. Raises `Rejected` `corrupt`.
    """
    before = stream.tell()
    try:
        stream.seek(0)
        match format_:
            case "PNG":
                _walk_chunks(stream)
            case "TIFF":
                _walk_directory(stream)
            case "ICO":
                return _largest_picture(stream)
            case "JPEG2000":
                return jpeg2000.check(stream)
    except struct.error:  # the file ends within; its decoder has the words for that
        return None
    finally:
        stream.seek(before)
    return None


def _walk_chunks(stream: IO[bytes]) -> None:
    stream.seek(len(PNG), io.SEEK_CUR)
    for _ in range(MOST_PARTS):
        length, kind = struct.unpack(">I4s", stream.read(8))
        if kind in {b"IDAT", b"IEND"}:
            return
        stream.seek(length + 4, io.SEEK_CUR)
    raise _too_many("PNG", "chunks before its pixels")


def _walk_directory(stream: IO[bytes]) -> None:
    start = stream.read(16)
    order = "<" if start[:2] == b"II" else ">"
    big = start[2:4] in {b"\x2b\0", b"\0\x2b"}
    (offset,) = struct.unpack_from(f"{order}Q", start, 8) if big else struct.unpack_from(f"{order}I", start, 4)
    if offset >= 1 << 62:
        return
    stream.seek(offset)
    (tags,) = struct.unpack(f"{order}Q", stream.read(8)) if big else struct.unpack(f"{order}H", stream.read(2))
    if tags > MOST_TAGS:
        raise _too_many("TIFF", "tags")
    entry = struct.Struct(f"{order}HHQ8x" if big else f"{order}HHI4x")
    for _ in range(tags):
        _, kind, count = entry.unpack(stream.read(entry.size))
        if count > MOST_NUMBERS and kind not in {BYTES, TEXT, SIGNED_BYTES, OPAQUE}:
            raise _too_many("TIFF", "numbers in one tag")


def _largest_picture(stream: IO[bytes]) -> tuple[int, int] | None:
    """The largest of an icon's pictures as they tell it themselves: the icon's own entries end at 256 pixels."""
    (count,) = struct.unpack("<4xH", stream.read(6))
    if count > MOST_PICTURES:
        raise _too_many("ICO", "pictures")
    offsets = [struct.unpack("<12xI", stream.read(16))[0] for _ in range(count)]
    return max((_picture_size(stream, at) for at in offsets), key=lambda size: size[0] * size[1], default=None)


def _picture_size(stream: IO[bytes], at: int) -> tuple[int, int]:
    stream.seek(at)
    start = stream.read(24)
    if start[:8] != PNG:
        width, height = struct.unpack_from("<ii", start, 4)  # of the picture and its mask, one above the other
        return abs(width), abs(height) // 2
    stream.seek(at)
    _walk_chunks(stream)
    width, height = struct.unpack_from(">II", start, 16)
    return width, height


def _too_many(format_: str, what: str) -> Rejected:
    return Rejected(Reason.CORRUPT, f"The {format_} has more {what} than any honest one.")
