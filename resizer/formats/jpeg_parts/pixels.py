"""Where a picture's rows are in memory, by the Arrow C data interface."""

from __future__ import annotations

import ctypes
import struct
from ctypes import POINTER, c_char_p, c_int64, c_void_p, py_object
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from PIL import Image

BYTES_PER_PIXEL: Final = {"L": 1, "RGB": 4}
ONE_PIECE: Final = 1 << 23  # bytes of pixels that Pillow holds in one, where it is not told otherwise
BYTES_PER_ADDRESS: Final = struct.calcsize("P")


class ArrowArray(ctypes.Structure):
    """`ArrowArray`: of an L picture its bytes are the second buffer, of others they are that of the only child."""


ArrowArray._fields_ = (  # ctypes has no other way for a structure to refer to itself
    ("counts", c_int64 * 5),
    ("buffers", POINTER(c_void_p)),
    ("children", POINTER(POINTER(ArrowArray))),
)
_pointer = ctypes.PYFUNCTYPE(c_void_p, py_object, c_char_p)(("PyCapsule_GetPointer", ctypes.pythonapi))


def is_in_one_piece(picture: Image.Image) -> bool:
    """Whether an L or RGB picture is so small that its pixels are in one piece of memory."""
    return picture.width * picture.height * BYTES_PER_PIXEL[picture.mode] <= ONE_PIECE


def row_addresses(picture: Image.Image, parts: Iterable[range]) -> Iterator[bytes]:
    """The addresses of the rows of each part of an L or RGB picture in turn, good until the next are asked for.

    No pixel is copied where the picture is in one piece, and else one part at a time. Raises ValueError where Pillow
    holds a part in several.
    """
    if is_in_one_piece(picture):
        addresses = _row_addresses(picture)
        for rows in parts:
            yield addresses[BYTES_PER_ADDRESS * rows.start : BYTES_PER_ADDRESS * rows.stop]
        return
    for rows in parts:
        part = picture.crop((0, rows.start, picture.width, rows.stop))
        yield _row_addresses(part)


def _row_addresses(picture: Image.Image) -> bytes:
    _, capsule = picture.__arrow_c_array__()
    array = ctypes.cast(_pointer(capsule, b"arrow_array"), POINTER(ArrowArray)).contents
    first = (array.children[0].contents if array.children else array).buffers[1]
    stride = picture.width * BYTES_PER_PIXEL[picture.mode]
    # Packed, for an array of ctypes takes four times as long to fill.
    return struct.pack(f"{picture.height}P", *range(first, first + stride * picture.height, stride))
