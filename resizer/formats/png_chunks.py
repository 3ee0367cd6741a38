"""Reads a PNG's chunks once, forwards, and inflates its pixels; keeps only one piece in memory."""

import struct
import zlib
from collections.abc import Iterable, Iterator
from typing import IO, Final

from resizer.errors import Reason, Rejected
from resizer.formats.base import truncated

PIECE: Final = 65_536  # bytes read at once, as in Pillow
MAX_CHUNKS: Final = 10_000  # that have no pixels; real files have far fewer
MAX_BLOCK: Final = 65_535  # bytes of a stored block, by RFC 1951, 3.2.4
RAW: Final = -15  # deflate without zlib's header and checksum, over its largest window
DATA: Final = frozenset({b"IDAT", b"fdAT"})


class LeftOut(ValueError):
    """A chunk cannot be used; the message says why, and follows the chunk's name."""


def chunk(kind: bytes, body: bytes) -> bytes:
    """One chunk as it is in a file."""
    checksum = zlib.crc32(body, zlib.crc32(kind))
    return b"".join((struct.pack(">I", len(body)), kind, body, struct.pack(">I", checksum)))


class Chunks:
    """The chunks of a PNG (PNG specification, third edition, 5.3); the stream must be at its signature.

    Methods raise `Rejected`: `truncated` if the file ends before the pixels, `corrupt` for more than `MAX_CHUNKS`.
    """

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._checksum = self._count = self._number = 0
        self.kind = b""  # of the current chunk; empty at the file's end
        self.left = 0  # unread bytes of the current chunk
        stream.read(8)  # skips the signature

    @property
    def is_needed(self) -> bool:
        """Whether decoders must not skip this chunk: its first letter is a capital (5.4)."""
        return self.kind[:1].isupper()

    def advance(self) -> bytes:
        """Go to the next chunk, from the end of the current one, and return its kind; b"" if there is none."""
        head = self._stream.read(8)
        self.left, self.kind = struct.unpack(">I4s", head) if len(head) == 8 else (0, b"")
        self._checksum = zlib.crc32(self.kind)
        if self.kind not in DATA:
            self._count += 1
            if self._count > MAX_CHUNKS:
                raise Rejected(Reason.CORRUPT, "The PNG has too many chunks.")
        return self.kind

    def read(self, size: int = PIECE) -> bytes:
        """Return at most `size` bytes of this chunk; empty at its end or the file's."""
        data = self._stream.read(min(size, self.left))
        self.left = self.left - len(data) if data else 0
        self._checksum = zlib.crc32(data, self._checksum)
        return data

    def is_right(self) -> bool:
        """Read the rest of the chunk; False if its checksum is wrong. A missing checksum counts as right."""
        while self.left:
            self.read()
        stored = self._stream.read(4)
        return len(stored) < 4 or int.from_bytes(stored, "big") == self._checksum

    def body(self, most: int) -> bytes:
        """The chunk's content. Raises as `_damaged` says if it has more than `most` bytes or a wrong checksum."""
        length = self.left
        if length > most:
            self.is_right()
            raise self._damaged(f"it is {length} bytes long")
        data = b"".join(iter(self.read, b""))
        if len(data) < length:
            raise truncated("PNG")
        if not self.is_right():
            raise self._damaged("its checksum is wrong")
        return data

    def _damaged(self, why: str) -> Exception:
        """`Rejected` `corrupt` for a chunk that the pixels need, else `LeftOut`."""
        if self.is_needed or self.kind in DATA:
            return Rejected(Reason.CORRUPT, f"The PNG's {self.kind.decode()} is damaged: {why}.")
        return LeftOut(why)

    def is_next(self, number: bytes) -> bool:
        """Whether this is the next number in an animation's fcTL and fdAT chunks."""
        self._number += 1
        return int.from_bytes(number, "big") == self._number - 1

    def pixels(self) -> Iterator[bytes]:
        """The compressed pixels in this chunk and those of its kind directly after it, then go to the next chunk.

        Raises `Rejected` `corrupt` for a wrong checksum or number, `truncated` if the file ends within a number.
        """
        kind = self.kind
        while self.kind == kind:
            if kind == b"fdAT":
                length, number = self.left, self.read(4)
                if len(number) < min(4, length):
                    raise truncated("PNG")
                if not self.is_next(number):
                    raise Rejected(Reason.CORRUPT, "Frames of the PNG are missing or in the wrong order.")
            yield from iter(self.read, b"")
            if not self.is_right():
                raise self._damaged("its checksum is wrong")
            self.advance()


def inflated(compressed: Iterable[bytes]) -> Iterator[bytes]:
    """Inflate a picture's pixels with ISA-L, in less than half the time of Pillow's zlib.

    Pillow's decoder gets them as uncompressed deflate blocks, which it only copies. At most one block is in memory,
    however far the bytes expand. The checksum at the end is omitted, because decoders stop at the last row. Raises
    `Rejected` `corrupt` if the data cannot be inflated. Without ISA-L the pixels stay compressed.
    """
    try:
        from isal import isal_zlib  # noqa: PLC0415 # only PNGs need it
    except ImportError:
        yield from compressed
        return
    compressed, data, inflater = iter(compressed), b"", isal_zlib.decompressobj(RAW)
    while len(data) < 2 and (more := next(compressed, b"")):
        data += more
    yield data[:2]  # zlib's own header, which the decoder checks
    data = data[2:]
    while not inflater.eof:
        data = data or next(compressed, b"")  # only on demand: anything may follow the pixels
        try:
            piece = inflater.decompress(data, MAX_BLOCK)
        except isal_zlib.IsalError as problem:  # type: ignore[misc] # its types call it an exception, not a class
            raise Rejected(Reason.CORRUPT, "The PNG's pixels are damaged: they cannot be inflated.") from problem
        if piece:
            yield struct.pack("<BHH", 0, len(piece), len(piece) ^ 0xFFFF) + piece
        elif not data:
            return
        data = inflater.unconsumed_tail
