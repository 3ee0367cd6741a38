"""Presents a file with other bytes at its start and end, without copying it."""

import io
import sys
from typing import IO, Final, cast

from resizer.formats.pillow_private import hook

CHUNK: Final = 1_048_576


class PreparedFile:
    """`head`, then the stream's bytes from `begin` to `end` (or to its own end), then `tail`."""

    def __init__(
        self, stream: IO[bytes], *, head: bytes = b"", begin: int, end: int = sys.maxsize, tail: bytes = b""
    ) -> None:
        self._stream, self._head, self._tail = stream, head, tail
        self._read = hook(stream.read)  # Pillow ignores an OSError while it reads the tags of a TIFF
        self._shift = begin - len(head)  # from a position here to one in the stream
        self._tail_at = len(head) + max(end - begin, 0)
        self._position = 0

    def read(self, size: int = -1) -> bytes:
        """Return the next `size` bytes, or all that are left if `size` is negative."""
        if size < 0:
            return self._rest()
        begin = self._position
        stop = begin + size
        data = self._head[begin:stop]
        first, last = max(begin, len(self._head)), min(stop, self._tail_at)
        if first < last:
            self._stream.seek(first + self._shift)
            data += self._read(last - first)
        if stop > self._tail_at:
            data += self._tail[max(begin - self._tail_at, 0) : stop - self._tail_at]
        self._position += len(data)
        return data

    def _rest(self) -> bytes:
        """All bytes that are left, copied into one buffer: joining pieces would need the memory twice."""
        whole = bytearray(max(self._tail_at + len(self._tail) - self._position, 0))
        filled = 0
        while piece := self.read(min(CHUNK, len(whole) - filled)):
            whole[filled : filled + len(piece)] = piece
            filled += len(piece)
        del whole[filled:]
        return cast("bytes", whole)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move to any byte."""
        base = {io.SEEK_CUR: self._position, io.SEEK_END: self._tail_at + len(self._tail)}.get(whence, 0)
        self._position = base + offset
        return self._position

    def tell(self) -> int:
        """The position of the next byte to be read."""
        return self._position
