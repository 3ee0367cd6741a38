"""libjpeg-turbo, to be called directly: the very library that Pillow has loaded, for it hands on no Huffman tables.

What is declared here is of `jpeglib.h` in version 6b, which libjpeg-turbo keeps by default and Pillow's wheels have.
"""

from __future__ import annotations

import ctypes
from ctypes import POINTER, byref, c_char, c_double, c_int, c_uint, c_uint8, c_void_p
from functools import cache
from typing import Final

from PIL import _imaging

VERSION: Final = 62
ROOM: Final = 4096  # bytes for any structure of any version
LONGEST_SIDE: Final = 65_500  # pixels: JPEG_MAX_DIMENSION
LONGEST_SEGMENT: Final = 65_533  # bytes
APP1: Final = 0xE1
GRAYSCALE, RGBX = 1, 7  # of J_COLOR_SPACE
AS_BASELINE = COMPLETE = 1


class HuffmanTable(ctypes.Structure):
    """JHUFF_TBL: as a file holds it, but for the first count, of codes without a bit."""

    _fields_ = (("counts", c_uint8 * 17), ("symbols", c_uint8 * 256), ("sent", c_int))


class Compression(ctypes.Structure):
    """`jpeg_compress_struct`."""

    _fields_ = (
        ("errors", c_void_p),
        ("managers_and_state", c_char * 40),
        ("width", c_uint),
        ("height", c_uint),
        ("channels", c_int),
        ("color_space", c_int),
        ("gamma", c_double),
        ("format_and_quantization", c_char * 56),
        ("dc_tables", POINTER(HuffmanTable) * 4),
        ("ac_tables", POINTER(HuffmanTable) * 4),
        ("arithmetic_and_scans", c_char * 72),
        ("optimize", c_int),
        ("what_follows", c_char * 252),
    )


@cache
def loaded() -> ctypes.CDLL | None:
    """The library, where there is one with the layout that is declared here; None elsewhere."""
    try:
        library = ctypes.CDLL(_imaging.__file__)  # its symbols are sought in the libraries that it needs, too
        library.jpeg_std_error.restype = c_void_p
        library.free.argtypes, library.free.restype = [c_void_p], None
        return library if _has_layout(library) else None
    except (AttributeError, OSError):
        return None


def _has_layout(library: ctypes.CDLL) -> bool:
    """Whether the library agrees on its version and on the structure's size; it checks both itself."""
    problems = list[int]()
    note = ctypes.CFUNCTYPE(None, c_void_p)(problems.append)
    errors, room = ctypes.create_string_buffer(ROOM), ctypes.create_string_buffer(ROOM)
    compression = Compression.from_buffer(room)
    compression.errors = library.jpeg_std_error(errors)
    ctypes.cast(errors, POINTER(c_void_p))[0] = ctypes.cast(note, c_void_p)  # in place of the one that ends the process
    library.jpeg_CreateCompress(byref(compression), VERSION, ctypes.sizeof(Compression))
    library.jpeg_destroy_compress(byref(compression))
    return not problems
