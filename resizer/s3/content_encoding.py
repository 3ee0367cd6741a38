"""Decompresses objects whose `Content-Encoding` says that they are compressed, while they are downloaded.

S3 does not check this header, and uploaders set it wrongly. So the bytes decide: a picture that is not compressed is
read unchanged.
"""

import zlib
from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Any, Final

from resizer.errors import Reason, Rejected

READABLE: Final = frozenset({"gzip", "x-gzip", "deflate"})
# SDKs leave these in the header; they do not change the stored bytes.
PLAIN: Final = frozenset({"", "identity", "aws-chunked"})
BLOCK: Final = 65_536  # bytes; Pillow reads blocks of this size
GZIP, ZLIB, RAW = zlib.MAX_WBITS + 16, zlib.MAX_WBITS, -zlib.MAX_WBITS  # as zlib names them
SAMPLE: Final = 1024  # bytes at the start that show how the rest is compressed
MAX_PARTS: Final = 10_000  # of a gzip file; bgzip makes one per 64 kB
MAX_ENCODINGS: Final = 5  # of one object; more are not decoded


def encodings(answer: Mapping[str, Any]) -> list[str]:
    """An object's last encodings in S3's answer, in lowercase, in the order in which they were applied."""
    names = [name.strip().lower() for name in str(answer.get("ContentEncoding") or "").split(",")]
    return [name for name in names if name not in PLAIN][-MAX_ENCODINGS:]


def decompressed(pieces: Iterator[bytes], encoding: str, uri: str) -> Iterator[bytes]:
    """Yield the pieces of a download without one of its encodings, at most `BLOCK` bytes at a time.

    Pieces that do not have the encoding are yielded unchanged, and truncated data stays truncated. Raises `Rejected`
    `corrupt` if the data is damaged.
    """
    first = b""
    while len(first) < SAMPLE and (piece := next(pieces, b"")):
        first += piece
    pieces = chain([first], pieces)
    if first.startswith(b"\x1f\x8b"):
        window_bits = GZIP
    elif encoding == "deflate" and first and first[0] & 15 == 8 and int.from_bytes(first[:2], "big") % 31 == 0:
        window_bits = ZLIB  # RFC 1950, 2.2
    elif encoding == "deflate" and _is_raw(first):
        window_bits = RAW
    else:
        yield from pieces
        return
    try:
        yield from _inflated(pieces, window_bits)
    except zlib.error as problem:
        detail = f"{uri} cannot be decompressed as its Content-Encoding says: {problem}."
        raise Rejected(Reason.CORRUPT, detail) from problem


def _is_raw(first: bytes) -> bool:
    """Whether bytes are deflate without zlib's header, as some programs write it. No image starts like that."""
    try:
        return bool(zlib.decompressobj(RAW).decompress(first, SAMPLE))
    except zlib.error:
        return False


def _inflated(pieces: Iterator[bytes], window_bits: int) -> Iterator[bytes]:
    inflater, parts = zlib.decompressobj(window_bits), 1
    for piece in pieces:
        rest = piece
        while rest:
            if inflater.eof:  # more parts may follow (RFC 1952, 2.2); anything else is padding
                if window_bits != GZIP or not rest.startswith(b"\x1f"):
                    return
                inflater, parts = zlib.decompressobj(GZIP), parts + 1
            if parts > MAX_PARTS:
                raise zlib.error(f"it has more than {MAX_PARTS} parts")
            if data := inflater.decompress(rest, BLOCK):
                yield data
            rest = inflater.unused_data or inflater.unconsumed_tail
    if data := inflater.flush():  # raw deflate may end before zlib has returned the last bytes
        yield data
