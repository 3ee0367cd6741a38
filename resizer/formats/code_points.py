"""The code points by which PNG, AVIF and HEIC describe colours, read where their decoders leave them behind."""

from __future__ import annotations

import struct
from typing import IO

from resizer.model import CodePoints


def of_png(stream: IO[bytes]) -> CodePoints | None:
    """What a PNG's cICP says (PNG specification, third edition, 11.3.2.6); the stream ends where it began.

    One of another length than four bytes gives code points that mean nothing.
    """
    before = stream.tell()
    stream.seek(8)
    try:
        while True:
            length, kind = struct.unpack(">I4s", stream.read(8))
            if kind == b"cICP":
                return _cicp(stream.read(4) if length == 4 else b"")
            if kind in {b"IDAT", b"IEND"}:
                return None
            stream.seek(length + 4, 1)
    except struct.error:  # the file ends within; its decoder has the words for that
        return None
    finally:
        stream.seek(before)


def _cicp(body: bytes) -> CodePoints:
    primaries, transfer, matrix, full_range = body if len(body) == 4 else (0, 0, 0, 1)
    return CodePoints(primaries, transfer, matrix, narrow=full_range == 0)
