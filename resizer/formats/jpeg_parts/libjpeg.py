"""libjpeg-turbo, to be called directly: the very library that Pillow has loaded, for it hands on no Huffman tables.

What is declared here is of `jpeglib.h` in version 6b, which libjpeg-turbo keeps by default and Pillow's wheels have.
"""

from __future__ import annotations

import ctypes
import os
from ctypes import (
    CFUNCTYPE,
    POINTER,
    byref,
    c_char,
    c_char_p,
    c_double,
    c_int,
    c_size_t,
    c_uint,
    c_uint8,
    c_ulong,
    c_void_p,
)
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from PIL import _imaging

if TYPE_CHECKING:
    from collections.abc import Callable

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


class Destination(ctypes.Structure):
    """`jpeg_destination_mgr`; what it has written is known outside only from `finish` on."""

    _fields_ = (("progress", c_char * 32), ("finish", CFUNCTYPE(None, c_void_p)))


class Compression(ctypes.Structure):
    """`jpeg_compress_struct`."""

    _fields_ = (
        ("errors", c_void_p),
        ("managers_and_state", c_char * 32),
        ("destination", POINTER(Destination)),
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


class Library:
    """The functions that are called. Raises AttributeError or OSError where one is missing."""

    def __init__(self) -> None:
        pillow = ctypes.CDLL(_imaging.__file__)  # symbols are sought in the libraries that it needs, too
        self.std_error = _declared(pillow.jpeg_std_error, c_void_p, c_void_p)
        self.create = _declared(pillow.jpeg_CreateCompress, None, c_void_p, c_int, c_size_t)
        self.write_to_memory = _declared(pillow.jpeg_mem_dest, None, c_void_p, POINTER(c_void_p), POINTER(c_ulong))
        self.set_defaults = _declared(pillow.jpeg_set_defaults, None, c_void_p)
        self.set_quality = _declared(pillow.jpeg_set_quality, None, c_void_p, c_int, c_int)
        self.start = _declared(pillow.jpeg_start_compress, None, c_void_p, c_int)
        self.write_marker = _declared(pillow.jpeg_write_marker, None, c_void_p, c_int, c_char_p, c_uint)
        self.write_rows = _declared(pillow.jpeg_write_scanlines, c_uint, c_void_p, c_void_p, c_uint)
        self.finish = _declared(pillow.jpeg_finish_compress, None, c_void_p)
        self.destroy = _declared(pillow.jpeg_destroy_compress, None, c_void_p)
        everything = ctypes.CDLL(None)  # where malloc has been replaced, libjpeg's is the replaced one
        self.allocate = _declared(everything.malloc, c_void_p, c_size_t)
        self.free = _declared(everything.free, None, c_void_p)


@cache
def loaded() -> Library | None:
    """The library, where it is libjpeg-turbo with the layout that is declared here; None elsewhere.

    Nor is it given where `JPEGMEM` limits it, beyond which it would end the process.
    """
    if not _imaging.HAVE_LIBJPEGTURBO or _imaging.HAVE_MOZJPEG or "JPEGMEM" in os.environ:
        return None
    try:
        library = Library()
    except (AttributeError, OSError):
        return None
    return library if _has_layout(library) else None


def _declared(function: Any, result: Any, *arguments: Any) -> Callable[..., Any]:
    function.restype, function.argtypes = result, arguments
    declared: Callable[..., Any] = function
    return declared


def _has_layout(library: Library) -> bool:
    """Whether the library agrees on its version and on the structure's size; it checks both itself."""
    problems = list[int]()
    note = ctypes.CFUNCTYPE(None, c_void_p)(problems.append)
    errors, room = ctypes.create_string_buffer(ROOM), ctypes.create_string_buffer(ROOM)
    compression = Compression.from_buffer(room)
    compression.errors = library.std_error(errors)
    ctypes.cast(errors, POINTER(c_void_p))[0] = ctypes.cast(note, c_void_p)  # in place of the one that ends the process
    library.create(byref(compression), VERSION, ctypes.sizeof(Compression))
    library.destroy(byref(compression))
    return not problems
