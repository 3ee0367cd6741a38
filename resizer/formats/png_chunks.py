"""Reads a PNG's chunks once, forwards, checks their checksums, and keeps only one piece in memory."""

from __future__ import annotations

import struct
import zlib
from typing import IO, Final

from resizer.errors import Reason, Rejected

PIECE: Final = 65_536  # bytes read at once, as in Pillow
MAX_CHUNKS: Final = 10_000  # without pixels; each costs some work, and real files have far fewer
DATA: Final = frozenset({b"IDAT", b"fdAT"})


class LeftOut(ValueError):
    """A chunk that cannot be used; the message says why, to put after the chunk's name."""


class Chunks:
    """The chunks of a PNG (PNG specification, third edition, 5.3); the stream must be at its signature.

    Methods raise `Rejected`: `truncated` if the file ends before the pixels, `corrupt` for more than `MAX_CHUNKS`.
    """

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._checksum = self._count = 0
        self.kind = b""  # of the current chunk; empty at the file's end
        self.left = 0  # unread bytes of the current chunk
        stream.read(8)  # the signature

    @property
    def name(self) -> str:
        """This chunk's kind, for messages."""
        return self.kind.decode() if self.kind.isalpha() else "an unknown chunk"

    @property
    def is_needed(self) -> bool:
        """Whether decoders must not skip this chunk: its first letter is a capital (5.4)."""
        return not self.kind[0] & 0x20

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
        """The chunk's content. Raises `LeftOut` if it has more than `most` bytes or a wrong checksum."""
        length = self.left
        if length > most:
            self.is_right()
            raise LeftOut(f"it is {length} bytes long")
        data = b"".join(iter(self.read, b""))
        if len(data) < length:
            raise Rejected(Reason.TRUNCATED, "The PNG ends before its pixels; upload the whole file.")
        if not self.is_right():
            raise LeftOut("its checksum is wrong")
        return data

    def needed(self, most: int) -> bytes:
        """Like `body`, for a chunk that the pixels need: raises `Rejected` `corrupt` instead of `LeftOut`."""
        try:
            return self.body(most)
        except LeftOut as problem:
            raise Rejected(Reason.CORRUPT, f"The PNG's {self.name} is damaged: {problem}.") from problem
