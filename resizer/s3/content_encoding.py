"""Decompresses objects whose `Content-Encoding` says that they are compressed, while they are read.

S3 does not check this header, and uploaders set it wrongly. So the bytes decide: a picture that is not compressed is
read unchanged.
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Any, Final

from resizer.errors import Reason, Rejected, SourceInterrupted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from resizer.s3 import Body

READABLE: Final = frozenset({"gzip", "x-gzip", "deflate"})
# SDKs leave these in the header; they do not change the stored bytes.
PLAIN: Final = frozenset({"", "identity", "aws-chunked"})
BLOCK: Final = 65_536  # bytes
GZIP, ZLIB, RAW = zlib.MAX_WBITS + 16, zlib.MAX_WBITS, -zlib.MAX_WBITS  # as zlib names them
MAX_PARTS: Final = 10_000  # of a gzip file; bgzip makes one per 64 kB
SAMPLE: Final = 1024  # bytes; if these decompress, the file is deflate without a header and not a picture


def decoded(answer: Mapping[str, Any], uri: str) -> tuple[Body, int | None]:
    """The body of a GET, decompressed if needed, and its size in bytes, None if unknown."""
    body, size = answer["Body"], answer.get("ContentLength")
    encodings = [name for name in _encodings(answer) if name in READABLE]
    return (_Decoded(body, size, encodings, uri), None) if encodings else (body, size)


def unsupported(answer: Mapping[str, Any]) -> str | None:
    """The first encoding of an object that we cannot decompress, or None."""
    return next((name for name in _encodings(answer) if name not in READABLE), None)


def _encodings(answer: Mapping[str, Any]) -> list[str]:
    names = [name.strip().lower() for name in str(answer.get("ContentEncoding") or "").split(",")]
    return [name for name in names if name not in PLAIN]


class _Decoded:
    """A body that is decompressed while it is read.

    Reading raises `SourceInterrupted` if the download ends early, `Rejected` if the data is damaged.
    """

    def __init__(self, body: Body, stored_size: int | None, encodings: list[str], uri: str) -> None:
        self._body = body
        self._left = stored_size
        self._encodings = encodings
        self._uri = uri
        self._outermost: _Stored | _Inflated | None = None

    def read(self, amt: int, /) -> bytes:
        if self._outermost is None:
            self._outermost = _Stored(self._body, self._left, self._uri)
            for encoding in reversed(self._encodings):  # the last one was applied last
                first = self._outermost.peek()
                if window_bits := _window_bits(encoding, first):
                    self._outermost = _Inflated(self._outermost, window_bits, self._uri)
        return self._outermost.read(amt)

    def close(self) -> None:
        self._body.close()


class _Peekable:
    """A reader whose first bytes can be seen before they are read."""

    def __init__(self) -> None:
        self._first = b""

    def peek(self) -> bytes:
        """The first bytes: at least `SAMPLE`, or all if there are fewer."""
        while len(self._first) < SAMPLE and (piece := self._next(BLOCK)):
            self._first += piece
        return self._first

    def read(self, amt: int) -> bytes:
        """Return at most `amt` bytes; empty only at the end."""
        if self._first:
            piece, self._first = self._first[:amt], self._first[amt:]
            return piece
        return self._next(amt)

    def _next(self, amt: int) -> bytes:
        raise NotImplementedError


class _Stored(_Peekable):
    """The stored bytes."""

    def __init__(self, body: Body, size: int | None, uri: str) -> None:
        super().__init__()
        self._body, self._left, self._uri = body, size, uri

    def _next(self, amt: int) -> bytes:
        piece = self._body.read(amt)
        if self._left is not None:
            self._left -= len(piece)
            if not piece and self._left > 0:
                message = f"The download of {self._uri} ended {self._left} bytes early. It will be tried again."
                raise SourceInterrupted(message)
        return piece


class _Inflated(_Peekable):
    """The bytes after decompression of gzip or deflate."""

    def __init__(self, compressed: _Peekable, window_bits: int, uri: str) -> None:
        super().__init__()
        self._compressed, self._window_bits, self._uri = compressed, window_bits, uri
        self._inflater = zlib.decompressobj(window_bits)
        self._input = b""
        self._parts = 1

    def _next(self, amt: int) -> bytes:
        while not self._inflater.eof or self._begin_next_part():
            try:
                piece = self._inflater.decompress(self._input, amt)
            except zlib.error as problem:
                raise self._damaged(str(problem)) from problem
            self._input = self._inflater.unconsumed_tail
            if piece:
                return piece
            if not self._inflater.eof and not self._input:
                self._input = self._compressed.read(BLOCK)
                if not self._input:
                    return b""  # it ends early; the decoder will report that
        return b""

    def _begin_next_part(self) -> bool:
        """Start the next part of a gzip file (RFC 1952, 2.2); False if there is none."""
        rest = self._inflater.unused_data or self._compressed.read(BLOCK)
        if self._window_bits != GZIP or rest[:1] != b"\x1f":
            return False
        self._parts += 1
        if self._parts > MAX_PARTS:
            raise self._damaged(f"it has more than {MAX_PARTS} parts")
        self._inflater, self._input = zlib.decompressobj(GZIP), rest
        return True

    def _damaged(self, why: str) -> Rejected:
        return Rejected(Reason.CORRUPT, f"{self._uri} cannot be decompressed as its Content-Encoding says: {why}.")


def _window_bits(encoding: str, first: bytes) -> int | None:
    """zlib's `wbits` for data that begins with these bytes; None if it is not compressed."""
    if first.startswith(b"\x1f\x8b"):
        return GZIP
    if encoding == "deflate" and len(first) > 1:
        if first[0] & 15 == 8 and int.from_bytes(first[:2], "big") % 31 == 0:  # RFC 1950, 2.2
            return ZLIB
        try:
            return RAW if zlib.decompressobj(RAW).decompress(first, SAMPLE) else None  # some servers send it
        except zlib.error:
            return None
    return None
