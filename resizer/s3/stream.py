"""A download as a seekable file: fetched on demand, limited in size, and not kept in memory once it is read."""

import io
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any, Final

from resizer.errors import Reason, Rejected, ResizerError

MAX_HEADER: Final = 16 * 1_048_576  # bytes kept before `release_behind()`; no real header is longer
MAX_READ: Final = 1_048_576  # bytes; after `release_behind()` decoders read more at once only to skip damaged parts
MAX_DRAIN: Final = 262_144  # bytes; reading these to keep a connection is cheaper than another TLS handshake


class SourceStream:
    """A source object as a binary file: `read`, `seek` and `tell` as Pillow uses them.

    Bytes are downloaded on demand and kept, so that they can be read again. After `release_behind()` each byte can be
    read once: everything that is left, or fewer than `MAX_READ` bytes at a time. Reading raises the errors of `pieces`,
    and `Rejected` if the object has more than `limit` bytes. If a decoder hides these errors, `check()` raises them
    again. `headers` is S3's answer, by botocore's names; `fetched` is the number of bytes downloaded so far.
    """

    def __init__(
        self, pieces: Iterator[bytes], headers: Mapping[str, Any], *, uri: str, limit: int, size: int | None
    ) -> None:
        self.headers = headers
        self.fetched = 0
        self._pieces = pieces
        self._uri = uri
        self._limit = limit
        self._size = size
        self._window = bytearray()
        self._start = 0  # where in the object the window begins
        self._position = 0
        self._releasing = False
        self._max_held = MAX_HEADER
        self._problem: Exception | None = None

    @property
    def etag(self) -> str:
        """The object's ETag, without quotes."""
        return str(self.headers["ETag"]).strip('"')

    @property
    def held(self) -> int:
        """The number of bytes in memory now."""
        return len(self._window)

    @property
    def size(self) -> int:
        """The object's size in bytes, or the limit if the size is unknown."""
        return self._limit if self._size is None else self._size

    def release_behind(self) -> None:
        """Keep nothing that was read, from the next fetch on: the decoder only reads forwards."""
        self._releasing = True
        self._max_held = self._limit

    def hold_everything(self) -> None:
        """Keep everything, up to the limit: the decoder seeks back and forth."""
        self._max_held = self._limit

    def check(self) -> None:
        """Raise the error that ended this stream, if any: the decoder may have hidden it."""
        if self._problem:
            raise self._problem

    def read(self, size: int = -1) -> bytes:
        """Return the next `size` bytes, or all that are left if `size` is negative; fewer only at the object's end."""
        end = self._position + size if size >= 0 else None
        fetches = end is None or end > self.fetched
        if fetches:
            if self._releasing and size >= MAX_READ:
                detail = f"{self._uri} has a part of {size} bytes after its header, which no valid image has."
                self._problem = Rejected(Reason.CORRUPT, detail)
            self._fetch_until(end)
        first = self._position - self._start
        last = None if end is None else first + size
        data = bytes(memoryview(self._window)[first:last])  # a memoryview saves a copy
        self._position += len(data)
        if fetches:
            self._drop()
        return data

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move to a byte that is in memory or not read yet. Seeking from an unknown end downloads everything."""
        if whence == io.SEEK_CUR:
            offset += self._position
        elif whence == io.SEEK_END:
            if self._size is None:
                self._fetch_until(None)
            offset += self.fetched if self._size is None else self._size
        if offset < self._start:
            detail = f"{self._uri} refers back to byte {offset}, which its format does not allow"
            raise io.UnsupportedOperation(detail)
        self._position = offset
        return offset

    def tell(self) -> int:
        """The position of the next byte to be read."""
        return self._position

    def drain(self) -> None:
        """Download the rest if it is short, so that the connection can be reused."""
        if not self._problem and self._size is not None and self._size - self.fetched <= MAX_DRAIN:
            with suppress(ResizerError):
                for _ in self._pieces:
                    pass

    def close(self) -> None:
        """Free all bytes; nothing can be read afterwards."""
        self._window.clear()

    def _fetch_until(self, end: int | None) -> None:
        """Download up to a position, or everything (None)."""
        self.check()
        while end is None or self.fetched < end:
            self._drop()
            piece = self._next()
            if not piece:
                return
            self._window += piece

    def _next(self) -> bytes:
        """The next piece; empty at the end."""
        try:
            piece = next(self._pieces, b"")
            self.fetched += len(piece)
            if self.fetched > self._limit:
                raise too_many_bytes(self._uri, None, self._limit)
            if self.held + len(piece) > self._max_held:
                detail = f"The header of {self._uri} is longer than {self._max_held} bytes, which no valid one is."
                raise Rejected(Reason.TOO_MANY_BYTES, detail)
        except Exception as problem:
            self._problem = problem
            raise
        return piece

    def _drop(self) -> None:
        """After `release_behind()`: free the bytes before the position."""
        if self._releasing:
            passed = min(self._position - self._start, len(self._window))
            del self._window[:passed]
            self._start += passed


def too_many_bytes(uri: str, size: int | None, limit: int) -> Rejected:
    """The rejection of an object larger than `RESIZER_MAX_BYTES`."""
    measure = f"has {size} bytes" if size is not None else "is larger"
    return Rejected(Reason.TOO_MANY_BYTES, f"{uri} {measure}; RESIZER_MAX_BYTES allows {limit}.")
