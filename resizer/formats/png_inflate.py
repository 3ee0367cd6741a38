"""A PNG's pixels inflated by ISA-L, which takes less than half of the time of the zlib that Pillow uses."""

from __future__ import annotations

import struct
from functools import partial
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from isal.isal_zlib import Decompress

BLOCK: Final = 65_536  # bytes that are read at once, as Pillow does
LONGEST: Final = 65_535  # bytes of a stored block, by RFC 1951, 3.2.4
RAW: Final = -15  # deflate without zlib's header and check sum, over its largest window


def stored(read: Callable[[int], bytes]) -> Callable[[int], bytes]:
    """The same way to read a PNG's pixels, for a decoder to which they look as if they had been stored uncompressed.

    That decoder has only to copy them. No more than a block is held of either, however far the bytes expand. The
    check sum at the end is left out, as decoders stop at the last row and do not reach it. What is read may raise
    `isal.isal_zlib.IsalError`. Where there is no wheel of ISA-L, it is the way to read that was given.
    """
    try:
        from isal import isal_zlib  # noqa: PLC0415 # only PNGs need it
    except ImportError:
        return read
    blocks = _stored_blocks(iter(partial(read, BLOCK), b""), isal_zlib.decompressobj(RAW))
    return lambda _size: next(blocks, b"")


def _stored_blocks(source: Iterator[bytes], inflater: Decompress) -> Iterator[bytes]:
    data = b""
    while len(data) < 2:
        more = next(source, b"")
        if not more:
            return
        data += more
    yield data[:2]  # zlib's own header, which the decoder checks
    data = data[2:]
    while not inflater.eof:
        data = data or next(source, b"")  # not before it is needed: what follows the pixels may be anything
        piece = inflater.decompress(data, LONGEST)
        if piece:
            yield struct.pack("<BHH", 0, len(piece), len(piece) ^ 0xFFFF) + piece
        elif not data:
            return
        data = inflater.unconsumed_tail
