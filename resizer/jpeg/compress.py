"""Pixels to a JPEG with Huffman tables of one's own choice."""

from __future__ import annotations

import ctypes
from ctypes import byref, c_ulong, c_void_p
from typing import TYPE_CHECKING, Final, NamedTuple

from resizer.jpeg import libjpeg
from resizer.jpeg.huffman import HuffmanTable
from resizer.jpeg.pixels import BYTES_PER_PIXEL, row_addresses

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PIL import Image

COLOR_SPACES: Final = {"L": libjpeg.GRAYSCALE, "RGB": libjpeg.RGBX}


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

    `rows` are parts of at most 16 MB of pixels (`row_addresses`), `quality` is 1 to 100, `exif` at most
    `libjpeg.LONGEST_SEGMENT` bytes, and no side longer than `libjpeg.LONGEST_SIDE`. Without `tables` the picture is
    gone through twice and gets its own; those that are given must have a code for whatever occurs. libjpeg has one way
    to fail, which is to end the process; where all this holds, the want of memory is its only reason. Raises
    RuntimeError where no library is `libjpeg.loaded`.
    """
    library = libjpeg.loaded()
    if library is None:
        raise RuntimeError("Pillow has no libjpeg-turbo that can be called.")
    errors = ctypes.create_string_buffer(libjpeg.ROOM)
    compression, file, length = libjpeg.Compression(), c_void_p(), c_ulong()
    compression.errors = library.jpeg_std_error(errors)
    library.jpeg_CreateCompress(byref(compression), libjpeg.VERSION, ctypes.sizeof(compression))
    try:
        library.jpeg_mem_dest(byref(compression), byref(file), byref(length))
        _describe(library, compression, picture, sum(map(len, rows)))
        library.jpeg_set_quality(byref(compression), quality, libjpeg.AS_BASELINE)
        _choose_tables(compression, tables)
        library.jpeg_start_compress(byref(compression), libjpeg.COMPLETE)
        if exif:
            library.jpeg_write_marker(byref(compression), libjpeg.APP1, exif, len(exif))
        for part in rows:
            _write(library, compression, picture, part)
        library.jpeg_finish_compress(byref(compression))
        return Compressed(ctypes.string_at(file, length.value), _tables_of(compression))
    finally:
        library.jpeg_destroy_compress(byref(compression))
        library.free(file)


def _describe(library: ctypes.CDLL, compression: libjpeg.Compression, picture: Image.Image, height: int) -> None:
    compression.width, compression.height = picture.width, height
    compression.channels, compression.color_space = BYTES_PER_PIXEL[picture.mode], COLOR_SPACES[picture.mode]
    library.jpeg_set_defaults(byref(compression))


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


def _write(library: ctypes.CDLL, compression: libjpeg.Compression, picture: Image.Image, rows: range) -> None:
    part = picture if len(rows) == picture.height else picture.crop((0, rows.start, picture.width, rows.stop))
    library.jpeg_write_scanlines(byref(compression), row_addresses(part), part.height)
