"""Where a picture's rows are in memory, by the Arrow C data interface."""

from __future__ import annotations

import ctypes
from ctypes import POINTER, c_char_p, c_int64, c_void_p, py_object
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from PIL import Image

BYTES_PER_PIXEL: Final = {"L": 1, "RGB": 4}


class ArrowArray(ctypes.Structure):
    """`ArrowArray`: of an L picture its bytes are the second buffer, of others they are that of the only child."""


ArrowArray._fields_ = (  # ctypes has no other way for a structure to refer to itself
    ("counts", c_int64 * 5),
    ("buffers", POINTER(c_void_p)),
    ("children", POINTER(POINTER(ArrowArray))),
)
_pointer = ctypes.PYFUNCTYPE(c_void_p, py_object, c_char_p)(("PyCapsule_GetPointer", ctypes.pythonapi))


def row_addresses(picture: Image.Image) -> ctypes.Array[c_void_p]:
    """The address of each row of an L or RGB picture, of which no byte is copied; good as long as the picture lives.

    Raises ValueError where Pillow does not hold it in one piece, as it does up to 16 MB.
    """
    _, capsule = picture.__arrow_c_array__()
    array = ctypes.cast(_pointer(capsule, b"arrow_array"), POINTER(ArrowArray)).contents
    first = (array.children[0].contents if array.children else array).buffers[1]
    stride = picture.width * BYTES_PER_PIXEL[picture.mode]
    return (c_void_p * picture.height)(*range(first, first + stride * picture.height, stride))
