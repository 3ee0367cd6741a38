"""Pixels to a JPEG with Huffman tables of one's own choice."""

from __future__ import annotations

import ctypes
from ctypes import byref, c_ulong, c_void_p
from typing import TYPE_CHECKING, Final, NamedTuple

from resizer.formats.jpeg_parts import libjpeg
from resizer.formats.jpeg_parts.huffman import HuffmanTable
from resizer.formats.jpeg_parts.pixels import BYTES_PER_ADDRESS, BYTES_PER_PIXEL, row_addresses

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PIL import Image

COLOR_SPACES: Final = {"L": libjpeg.GRAYSCALE, "RGB": libjpeg.RGBX}
# With more, a symbol may be so much rarer than others that its code is longer than libjpeg can count: from 9,227,464
# symbols on, where their counts are Fibonacci's numbers, and pixels of 4:2:0 have one and a half.
MOST_SEARCHED: Final = 6_000_000
MEMORY_PER_PIXEL: Final = 5  # bytes: frequencies in two passes, a file of noise, and its next larger copy


class Tables(NamedTuple):
    """The Huffman tables of a JPEG: of brightness, and of colour, which a gray picture does not use."""

    dc: tuple[HuffmanTable, HuffmanTable]
    ac: tuple[HuffmanTable, HuffmanTable]


class Compressed(NamedTuple):
    """A JPEG, and the tables that it was written with."""

    data: bytes
    tables: Tables


def compress(
    picture: Image.Image, rows: Sequence[range], quality: int, tables: Tables | None = None, exif: bytes = b""
) -> Compressed:
    """A baseline JPEG of some rows of an L or RGB picture, below one another; 4:2:0 where it has colours.

    `rows` are parts of the picture, `quality` is 1 to 100, `exif` at most `libjpeg.LONGEST_SEGMENT` bytes, and sides
    are 1 to `libjpeg.LONGEST_SIDE` pixels long. Without `tables` the picture, of at most `MOST_SEARCHED` pixels, is
    gone through twice and gets its own; those that are given must have a code for whatever occurs. libjpeg has one way
    to fail, which is to end the process; where all this holds, it has no reason to. Raises MemoryError, RuntimeError
    where no library is `libjpeg.loaded`, ValueError where the pixels of a part are not in one piece (`row_addresses`).
    """
    library = libjpeg.loaded()
    if library is None:
        raise RuntimeError("Pillow has no libjpeg-turbo that can be called.")
    height = sum(map(len, rows))
    _check_memory(library, picture.width * height)
    errors = ctypes.create_string_buffer(libjpeg.ROOM)
    compression, file, length = libjpeg.Compression(), c_void_p(), c_ulong()
    compression.errors = library.std_error(errors)
    library.create(byref(compression), libjpeg.VERSION, ctypes.sizeof(compression))
    try:
        library.write_to_memory(byref(compression), byref(file), byref(length))
        compression.width, compression.height = picture.width, height
        compression.channels, compression.color_space = BYTES_PER_PIXEL[picture.mode], COLOR_SPACES[picture.mode]
        library.set_defaults(byref(compression))
        library.set_quality(byref(compression), quality, libjpeg.AS_BASELINE)
        _choose_tables(compression, tables)
        library.start(byref(compression), libjpeg.COMPLETE)
        if exif:
            library.write_marker(byref(compression), libjpeg.APP1, exif, len(exif))
        for addresses in row_addresses(picture, rows):
            library.write_rows(byref(compression), addresses, len(addresses) // BYTES_PER_ADDRESS)
        library.finish(byref(compression))
        return Compressed(ctypes.string_at(file, length.value), _tables_of(compression))
    finally:
        if compression.destination:  # the file has moved each time that it grew
            compression.destination.contents.finish(byref(compression))
        library.destroy(byref(compression))
        library.free(file)


def _check_memory(library: libjpeg.Library, pixels: int) -> None:
    """Raise MemoryError where there is less than compressing takes; what is asked for here is not touched."""
    memory = library.allocate(MEMORY_PER_PIXEL * pixels)
    if not memory:
        raise MemoryError
    library.free(memory)


def _choose_tables(compression: libjpeg.Compression, tables: Tables | None) -> None:
    compression.optimize = tables is None
    if tables is None:
        return
    for places, given in ((compression.dc_tables, tables.dc), (compression.ac_tables, tables.ac)):
        for place, table in zip(places, given, strict=False):
            place.contents.counts[1:] = table.counts
            place.contents.symbols[: len(table.symbols)] = table.symbols


def _tables_of(compression: libjpeg.Compression) -> Tables:
    dc, ac = (
        (_table(places[0].contents), _table(places[1].contents))
        for places in (compression.dc_tables, compression.ac_tables)
    )
    return Tables(dc, ac)


def _table(place: libjpeg.HuffmanTable) -> HuffmanTable:
    counts = bytes(place.counts[1:])
    return HuffmanTable(counts, bytes(place.symbols[: sum(counts)]))
