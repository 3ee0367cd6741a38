"""What a file is made of, walked through before a decoder sees it: parts without end and sizes within are found here.

Decoders keep or step over each part one by one, so that a few megabytes of empty ones take hundreds of megabytes or
minutes. No honest file comes near these bounds.
"""

from __future__ import annotations

import io
import struct
from dataclasses import dataclass, replace
from typing import IO, Final

from resizer.errors import Reason, Rejected
from resizer.model import LONGEST_EXIF

MOST_PARTS: Final = 10_000  # a JPEG's segments and filling bytes, or a PNG's chunks before its pixels
PNG: Final = b"\x89PNG\r\n\x1a\n"
START_OF_SCAN, APP1 = 0xDA, 0xE1
# Markers of frames by their coding, and those without a length (T.81, table B.1): TEM, RSTn, SOI, EOI, and none at all.
FRAMES: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
PROGRESSIVE: Final = frozenset({0xC2, 0xC6, 0xCA, 0xCE})
ARITHMETIC: Final = frozenset({0xC9, 0xCA, 0xCB})
LOSSLESS: Final = frozenset({0xC3, 0xCB})
FILLING: Final = frozenset({0x00, 0x01, *range(0xD0, 0xDA), 0xFF})


def check_structure(format_: str, stream: IO[bytes]) -> tuple[int, int] | None:
    """The size in pixels that a decoder will meet within, where the file's own header does not settle it.

    The stream ends where it began. Raises `Rejected` `corrupt`.
    """
    before = stream.tell()
    try:
        stream.seek(0)
        match format_:
            case "JPEG":
                jpeg_coding(stream)
            case "PNG":
                _walk_chunks(stream)
    except struct.error:  # the file ends within; its decoder has the words for that
        return None
    finally:
        stream.seek(before)
    return None


@dataclass(frozen=True, slots=True)
class JpegCoding:
    """How a JPEG is coded: its frame's marker, and how many components that and the first scan have (0: none)."""

    frame: int = 0
    components: int = 0
    first_scan: int = 0

    @property
    def several_scans(self) -> bool:
        """Whether its decoder has to keep all of it until the last scan."""
        return self.frame in PROGRESSIVE or self.first_scan != self.components

    @property
    def arithmetic(self) -> bool:
        """Whether it is coded arithmetically instead of by Huffman."""
        return self.frame in ARITHMETIC

    @property
    def lossless(self) -> bool:
        """Whether it holds samples instead of frequencies."""
        return self.frame in LOSSLESS


def jpeg_coding(stream: IO[bytes]) -> JpegCoding:
    """Walk a JPEG's segments up to its first scan (T.81, B.2). The stream ends where it began. Raises `Rejected`."""
    before = stream.tell()
    try:
        return _walk_segments(stream)
    finally:
        stream.seek(before)


def _walk_segments(stream: IO[bytes]) -> JpegCoding:
    coding, exif, at = JpegCoding(), 0, 2
    for _ in range(MOST_PARTS):
        stream.seek(at)
        head = stream.read(10)
        if len(head) < 2:
            return coding
        marker = head[1]
        if head[0] != 0xFF or marker in FILLING:
            at += 1 if head[0] != 0xFF or marker == 0xFF else 2  # which may begin a segment itself
            continue
        if marker == START_OF_SCAN:
            return replace(coding, first_scan=int.from_bytes(head[4:5], "big"))
        length = max(int.from_bytes(head[2:4], "big"), 2)
        if marker in FRAMES:
            coding = JpegCoding(marker, int.from_bytes(head[9:10], "big"))
        elif marker == APP1 and head[4:] == b"Exif\0\0":
            exif += length
            if exif > LONGEST_EXIF:
                raise _too_many("JPEG", "EXIF")
        at += 2 + length
    raise _too_many("JPEG", "segments or filling bytes before its picture")


def _walk_chunks(stream: IO[bytes]) -> None:
    stream.seek(len(PNG), io.SEEK_CUR)
    for _ in range(MOST_PARTS):
        length, kind = struct.unpack(">I4s", stream.read(8))
        if kind in {b"IDAT", b"IEND"}:
            return
        stream.seek(length + 4, io.SEEK_CUR)
    raise _too_many("PNG", "chunks before its pixels")


def _too_many(format_: str, what: str) -> Rejected:
    return Rejected(Reason.CORRUPT, f"The {format_} has more {what} than any honest one.")
