"""A PNG's chunks, read forwards once: each is held to its checksum, and no more than one piece of it is in memory."""

from __future__ import annotations

import struct
import zlib
from typing import IO, Final

from resizer.errors import Reason, Rejected

PIECE: Final = 65_536  # bytes that are read at once, as Pillow does
MAX_CHUNKS: Final = 10_000  # beside those with pixels; each costs some work, and no honest file has so many
DATA: Final = frozenset({b"IDAT", b"fdAT"})


class LeftOut(ValueError):
    """A chunk that cannot be used; the message says why, and fits behind its name."""


class Chunks:
    """The chunks of a PNG (PNG specification, third edition, 5.3), whose stream is at its signature.

    Methods raise `Rejected`: `truncated` where the file ends before the pixels, `corrupt` where there are more chunks
    than in any honest file.
    """

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._checksum = self._count = 0
        self.kind = b""  # of the chunk that is read now; empty where the file has ended
        self.left = 0  # bytes of that chunk which have not been read
        stream.read(8)  # the signature

    @property
    def name(self) -> str:
        """This chunk's kind, for messages."""
        return self.kind.decode() if self.kind.isalpha() else "an unknown chunk"

    @property
    def is_needed(self) -> bool:
        """Whether the specification lets no decoder pass this chunk over: its first letter is a capital (5.4)."""
        return not self.kind[0] & 0x20

    def advance(self) -> bytes:
        """Go to the next chunk, from the end of the one before, and return its kind; b"" where there is none."""
        head = self._stream.read(8)
        self.left, self.kind = struct.unpack(">I4s", head) if len(head) == 8 else (0, b"")
        self._checksum = zlib.crc32(self.kind)
        if self.kind not in DATA:
            self._count += 1
            if self._count > MAX_CHUNKS:
                raise Rejected(Reason.CORRUPT, "The PNG has more chunks than any honest one.")
        return self.kind

    def read(self, size: int = PIECE) -> bytes:
        """The next bytes of this chunk, at most `size`; none at its end, and none where the file ends."""
        data = self._stream.read(min(size, self.left))
        self.left = self.left - len(data) if data else 0
        self._checksum = zlib.crc32(data, self._checksum)
        return data

    def is_right(self) -> bool:
        """Read the rest of the chunk; whether its checksum is right, or the file ends before that is known."""
        while self.left:
            self.read()
        stored = self._stream.read(4)
        return len(stored) < 4 or int.from_bytes(stored, "big") == self._checksum

    def body(self, most: int) -> bytes:
        """All that this chunk holds. Raises `LeftOut` for more than `most` bytes and for a wrong checksum."""
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
        """As `body`, of a chunk that the pixels need: raises `Rejected` `corrupt` instead of `LeftOut`."""
        try:
            return self.body(most)
        except LeftOut as problem:
            raise Rejected(Reason.CORRUPT, f"The PNG's {self.name} is damaged: {problem}.") from problem
