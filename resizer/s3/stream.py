"""A download as a seekable file: fetched when the decoder asks, limited in size, without keeping what was read."""

from __future__ import annotations

import io
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from botocore.exceptions import BotoCoreError

from resizer.errors import Reason, Rejected, ResizerError, SourceInterrupted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from resizer.model import SourceMetadata
    from resizer.s3 import Body

BLOCK: Final = 65_536  # bytes; Pillow reads as much at a time, so a block goes from the socket straight to the decoder
MAX_HEADER: Final = 16 * 1_048_576  # bytes kept before `release_behind()`; no real header is longer
MAX_READ: Final = 1_048_576  # bytes; after `release_behind()` decoders read more at once only to skip damaged parts
MAX_DRAIN: Final = 262_144  # bytes; reading these to keep a connection is cheaper than another TLS handshake


class SourceStream:
    """A source object as a binary file: `read`, `seek` and `tell` as Pillow uses them.

    Bytes are downloaded on demand and kept, so that they can be read again. After `release_behind()` each byte can be
    read once: everything that is left, or fewer than `MAX_READ` bytes at a time. Reading raises `SourceInterrupted` if
    the download is interrupted, and `Rejected` if the object has more than `limit` bytes. If a decoder hides these
    errors, `check()` raises them again.
    """

    def __init__(
        self,
        body: Body,
        metadata: SourceMetadata,
        uri: str,
        limit: int,
        before_each_fetch: Callable[[], None] = lambda: None,
    ) -> None:
        self.metadata = metadata
        self._body = body
        self._uri = uri
        self._limit = limit
        self._before_each_fetch = before_each_fetch
        self._window = bytearray()
        self._start = 0  # where in the object the window begins
        self._position = 0
        self._fetched = 0
        self._ended = False
        self._releasing = False
        self._holding = MAX_HEADER
        self._problem: ResizerError | None = None

    @property
    def fetched(self) -> int:
        """The number of bytes downloaded so far."""
        return self._fetched

    @property
    def held(self) -> int:
        """The number of bytes in memory now."""
        return len(self._window)

    @property
    def size(self) -> int:
        """The object's size in bytes, or the limit if the size is unknown."""
        return self._limit if self.metadata.size is None else self.metadata.size

    def release_behind(self) -> None:
        """Keep nothing that was read, from the next fetch on: the decoder only reads forwards."""
        self._releasing = True

    def hold_everything(self) -> None:
        """Keep everything, up to the limit: the decoder seeks back and forth."""
        self._holding = self._limit

    def check(self) -> None:
        """Raise the error that ended this stream, if any: the decoder may have hidden it."""
        if self._problem:
            raise self._problem

    def read(self, size: int = -1) -> bytes:
        """Return the next `size` bytes, or all that are left if `size` is negative; fewer only at the object's end."""
        first = self._position - self._start
        if 0 <= size <= len(self._window) - first:  # headers are read a few bytes at a time
            self._position += size
            return bytes(memoryview(self._window)[first : first + size])  # a memoryview saves a copy
        end = self._position + size if size >= 0 else None
        if self._releasing:
            if size >= MAX_READ:
                detail = f"{self._uri} has a part of {size} bytes after its header, which no valid image has."
                raise self._broken(Rejected(Reason.CORRUPT, detail))
            return self._read_forwards(end)
        self._window += self._fetch(None if end is None else max(end - self._buffered_to, BLOCK))
        data = bytes(memoryview(self._window)[first : None if end is None else first + size])
        self._position += len(data)
        return data

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move to a byte that is in memory or not read yet. Seeking from an unknown end downloads everything."""
        if whence == io.SEEK_CUR:
            offset += self._position
        elif whence == io.SEEK_END:
            offset += self._size()
        if offset < self._start:
            detail = f"{self._uri} refers back to byte {offset}, which was read before; its format allows no such order"
            raise io.UnsupportedOperation(detail)
        self._position = offset
        return offset

    def tell(self) -> int:
        """The position of the next byte to be read."""
        return self._position

    def seekable(self) -> bool:
        """True; `seek` says how far."""
        return True

    def readable(self) -> bool:
        """True."""
        return True

    def close(self) -> None:
        """End the download. A short rest is read, so that the connection can be reused."""
        size = self.metadata.size
        if not self._ended and not self._problem and size is not None and size - self._fetched <= MAX_DRAIN:
            self._window.clear()
            with suppress(ResizerError):  # the image is complete: only the connection is lost
                self._fetch(None)
        self._body.close()

    @property
    def _buffered_to(self) -> int:
        return self._start + len(self._window)

    def _read_forwards(self, end: int | None) -> bytes:
        """Read past the window's end, and keep only the bytes after `end`."""
        if self._position > self._buffered_to:
            self._fetch(self._position - self._buffered_to)
            self._start = self._position
            self._window.clear()
        head = bytes(self._window[self._position - self._start :])
        wanted = None if end is None else end - self._position
        data = self._fetch(None if wanted is None else max(wanted - len(head), BLOCK))
        if head:
            data = head + data
        self._window = bytearray() if wanted is None else bytearray(data[wanted:])
        data = data[:wanted]
        self._position += len(data)
        self._start = self._position
        return data

    def _size(self) -> int:
        if self.metadata.size is not None:
            return self.metadata.size
        self._window += self._fetch(None)
        return self._fetched

    def _fetch(self, amount: int | None) -> bytes:
        """Download the next `amount` bytes, or all (None); fewer only at the end."""
        self.check()
        left = (self.metadata.size if self.metadata.size is not None else self._limit + 1) - self._fetched
        wanted = left if amount is None else min(amount, left)
        if self._ended or not wanted:
            return b""
        data = b"".join(self._pieces(wanted))
        self._fetched += len(data)
        self._ended = len(data) < wanted
        if self._fetched > self._limit:
            raise self._broken(too_many_bytes(self._uri, None, self._limit))
        if not self._releasing and self.held + len(data) > self._holding:
            detail = f"The header of {self._uri} is longer than {self._holding} bytes, which no valid one is."
            raise self._broken(Rejected(Reason.TOO_MANY_BYTES, detail))
        if self._ended and self.metadata.size is not None:
            raise self._broken(SourceInterrupted(self._message(f"ended early: it has {self.metadata.size}")))
        return data

    def _pieces(self, wanted: int) -> Iterator[bytes]:
        """Yield bytes as they arrive, and call `before_each_fetch` for each piece: a download may be slow."""
        while wanted > 0:
            try:
                self._before_each_fetch()
                piece = self._body.read(wanted)
            except ResizerError as problem:
                raise self._broken(problem) from None
            except (BotoCoreError, OSError) as problem:
                raise self._broken(SourceInterrupted(self._message(f"broke off: {problem}"))) from problem
            if not piece:
                return
            wanted -= len(piece)
            yield piece

    def _message(self, what: str) -> str:
        return f"The download of {self._uri} after {self._fetched} bytes {what}. It will be tried again."

    def _broken(self, problem: ResizerError) -> ResizerError:
        self._problem = problem
        return problem


def too_many_bytes(uri: str, size: int | None, limit: int) -> Rejected:
    """The rejection of an object larger than `RESIZER_MAX_BYTES`."""
    measure = f"has {size} bytes" if size is not None else "is larger"
    return Rejected(Reason.TOO_MANY_BYTES, f"{uri} {measure}; RESIZER_MAX_BYTES allows {limit}.")
