"""Walks a JPEG's segments up to its first scan, before Pillow sees the file."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import IO, Final

from resizer.errors import Reason, Rejected
from resizer.model import MAX_EXIF_BYTES

# Pillow skips segments and fill bytes one by one: a few megabytes of empty ones take it minutes.
MAX_PARTS: Final = 10_000
# Markers (T.81, table B.1; T.87 for JPEG-LS). Those without a length: TEM, RSTn, SOI, EOI, and none at all.
END, START_OF_SCAN, RESTART_INTERVAL, HIERARCHICAL, APP1, JPEG_LS = 0xD9, 0xDA, 0xDD, 0xDE, 0xE1, 0xF7
RESTARTS: Final = range(0xD0, 0xD8)
STANDALONE: Final = frozenset({0x00, 0x01, *RESTARTS, 0xD8, END, 0xFF})
FRAMES: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
PROGRESSIVE: Final = frozenset({0xC2, 0xCA})
ARITHMETIC: Final = frozenset({0xC9, 0xCA})
LOSSLESS: Final = frozenset({0xC3, 0xC7, 0xCB, 0xCF})
READABLE: Final = frozenset({0xC0, 0xC1}) | PROGRESSIVE | ARITHMETIC
BLOCK: Final = 64  # samples
COEFFICIENT: Final = 2  # bytes


@dataclass(frozen=True, slots=True)
class Coding:
    """How a JPEG is coded: `frame` is its frame's marker (0: none), `scan_at` the offset of its first scan in bytes.

    `sampling` has each component's sampling factors across and down, `first_scan` is the number of components in the
    first scan, `restarts` says whether there are restart markers.
    """

    frame: int = 0
    size: tuple[int, int] = (0, 0)
    sampling: tuple[tuple[int, int], ...] = ()
    first_scan: int = 0
    scan_at: int = 0
    restarts: bool = False

    @property
    def several_scans(self) -> bool:
        """Whether the decoder must keep all coefficients until the last scan."""
        return self.frame in PROGRESSIVE or self.first_scan != len(self.sampling)

    @property
    def arithmetic(self) -> bool:
        """Whether it uses arithmetic coding instead of Huffman coding."""
        return self.frame in ARITHMETIC

    @property
    def coefficient_bytes(self) -> int:
        """Memory for the coefficients of all blocks, in bytes; components are padded to whole blocks."""
        across = max((1, *(x for x, _ in self.sampling)))
        down = max((1, *(y for _, y in self.sampling)))
        columns, rows = -(-self.size[0] // (8 * across)), -(-self.size[1] // (8 * down))
        return sum(columns * x * rows * y for x, y in self.sampling) * BLOCK * COEFFICIENT


def read_coding(stream: IO[bytes]) -> Coding:
    """Walk the segments up to the first scan (T.81, B.2). The stream's position does not change.

    Raises `Rejected`: `corrupt` for too many segments or too much EXIF, `unsupported_format` for files that browsers
    and Pillow cannot decode.
    """
    before = stream.tell()
    try:
        return _walk(stream)
    finally:
        stream.seek(before)


def _walk(stream: IO[bytes]) -> Coding:
    coding, exif, at = Coding(), 0, 2
    for _ in range(MAX_PARTS):
        stream.seek(at)
        head = stream.read(10)
        if len(head) < 2:
            return replace(coding, scan_at=at)
        marker = head[1]
        if head[0] != 0xFF or marker in STANDALONE:
            at += 1 if head[0] != 0xFF or marker == 0xFF else 2  # the next byte may begin a segment
            continue
        length = max(int.from_bytes(head[2:4], "big"), 2)
        if marker == START_OF_SCAN:
            return replace(coding, first_scan=int.from_bytes(head[4:5], "big"), scan_at=at)
        if marker in FRAMES | {HIERARCHICAL, JPEG_LS}:
            coding = replace(_frame(marker, head + stream.read(max(length - 8, 0))), restarts=coding.restarts)
        elif marker == RESTART_INTERVAL:
            coding = replace(coding, restarts=any(head[4:6]))
        elif marker == APP1 and head[4:] == b"Exif\0\0":
            exif += length
            if exif > MAX_EXIF_BYTES:
                raise Rejected(Reason.CORRUPT, f"The JPEG has more than {MAX_EXIF_BYTES} bytes of EXIF.")
        at += 2 + length
    raise Rejected(Reason.CORRUPT, "The JPEG has too many segments or fill bytes before its picture.")


def _frame(marker: int, segment: bytes) -> Coding:
    """Read a frame's segment: marker and length in two bytes each, bits, height, width, components (T.81, B.2.2)."""
    bits, size = segment[4:5], (int.from_bytes(segment[7:9], "big"), int.from_bytes(segment[5:7], "big"))
    components = int.from_bytes(segment[9:10], "big")
    if marker == JPEG_LS:
        raise _unsupported("JPEG-LS")
    if marker in LOSSLESS:
        raise _unsupported("lossless JPEGs")
    if marker not in READABLE:
        raise _unsupported("hierarchical JPEGs")
    if bits == b"\x0c":
        raise _unsupported("JPEGs of 12 bits a sample")
    if components == 2:
        raise _unsupported("JPEGs of two components")
    if size[0] and not size[1]:
        raise _unsupported("JPEGs whose height comes after their pixels")
    factors = segment[11 : 11 + 3 * components : 3]
    return Coding(frame=marker, size=size, sampling=tuple((each >> 4, each & 15) for each in factors))


def _unsupported(what: str) -> Rejected:
    detail = f"No browser shows {what}, so this file is not resized; save it as an ordinary JPEG of 8 bits a sample."
    return Rejected(Reason.UNSUPPORTED_FORMAT, detail)
