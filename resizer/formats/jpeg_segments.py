"""Walks a JPEG's segments and scans (ITU-T T.81, annex B): for its header, and in pieces for its decoder."""

import re
from collections import defaultdict
from collections.abc import Iterator
from typing import IO, Final

from resizer.errors import Reason, Rejected
from resizer.formats.base import truncated
from resizer.model import MAX_EXIF_BYTES

PIECE: Final = 65_536  # bytes
# Pillow skips segments, fill bytes and junk one by one: a few megabytes take it minutes.
MAX_PARTS: Final = 10_000
# Each scan processes every block again, however few bytes it has. Encoders make about ten, optimisers a few dozen.
MAX_SCANS: Final = 100
HEAD: Final = 24  # bytes of a segment that we look at; enough for a frame or a scan of four components
# Markers (table B.1; T.87 for JPEG-LS). Standalone ones have no length.
START, END, START_OF_SCAN, APP1 = 0xD8, 0xD9, 0xDA, 0xE1
RESTARTS: Final = range(0xD0, 0xD8)
STANDALONE: Final = frozenset({*range(0xC0), *RESTARTS, START, END})
PROGRESSIVE: Final = frozenset({0xC2, 0xCA})
ARITHMETIC: Final = frozenset({0xC9, 0xCA})
FRAMES: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC} | {0xDE, 0xF7}
READABLE: Final = frozenset({0xC0, 0xC1}) | PROGRESSIVE | ARITHMETIC
ANY_MARKER: Final = re.compile(rb"\xFF[\x01-\xFE]")
MARKER: Final = re.compile(rb"\xFF[\x01-\xCF\xD8-\xFE]")  # but for restarts: a photo may have thousands
COEFFICIENTS: Final = 64  # of a block


class Segments:
    """A JPEG's segments as far as they have been read; the attributes say what is in them.

    `frame` is the frame's marker (0: none), `sampling` has each component's sampling factors across and down, `scans`
    is the number of scans so far, and `scan_at` the offset of the first one in bytes. `several_scans` means that the
    decoder must keep all coefficients until the last scan; `next_restart` is the restart marker that may follow then.
    `ended` is True after the end marker.
    """

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._read, self._parts, self._exif = 0, 0, 0
        self._complete: defaultdict[int, set[int]] = defaultdict(set)  # coefficients with all bits, by component
        self.frame, self.size = 0, (0, 0)
        self.sampling: tuple[tuple[int, int], ...] = ()
        self.scans, self.scan_at = 0, 0
        self.several_scans = self.ended = False
        self.next_restart = RESTARTS.start

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
        return sum(columns * x * rows * y for x, y in self.sampling) * COEFFICIENTS * 2

    @property
    def complete(self) -> bool:
        """Whether no scan is missing. With an end marker the last ones may be: the picture is only less sharp."""
        needed = 0 if self.ended else COEFFICIENTS
        return len(self._complete) >= len(self.sampling) and all(len(n) >= needed for n in self._complete.values())

    def read_header(self) -> None:
        """Read up to the first scan. Raises `Rejected`.

        `truncated` without a scan, `corrupt` for too many segments or too much EXIF, `unsupported_format` for files
        that browsers and Pillow cannot decode.
        """
        for _ in self.pieces():
            if self.scans:
                return
        raise truncated("JPEG")

    def pieces(self) -> Iterator[bytes]:
        """Yield the file in order, up to its end marker. Raises the same as `read_header`, or if scans are too many."""
        held, at = b"", 0
        self._stream.seek(0)
        while piece := self._stream.read(PIECE):
            data = held + piece
            self._read += len(piece)
            at = self._walk(data, at)
            yield data[:at]
            if self.ended:
                return
            held, at = data[at:], max(at - len(data), 0)
        if held and held != b"\xff":  # half an end marker
            yield held

    def _walk(self, data: bytes, at: int) -> int:
        """The offset of the end marker, of an incomplete segment, or of what follows these bytes."""
        while True:
            found = (ANY_MARKER if self.several_scans else MARKER).search(data, at)
            before, at = at, found.start() if found else max(at, len(data) - data.endswith(b"\xff"))
            self._parts += 1 + at - before
            if not self.scans and self._parts > MAX_PARTS:
                raise Rejected(Reason.CORRUPT, "The JPEG has too many segments or fill bytes before its picture.")
            if not found:
                return at
            marker, end = data[at + 1], at + 2
            if marker == END and self.scans:
                self.ended = True
                return at
            if marker in RESTARTS:
                self.next_restart = RESTARTS[(marker + 1) % len(RESTARTS)]
            if marker not in STANDALONE:
                end += max(int.from_bytes(data[at + 2 : at + 4], "big"), 2)
                if len(data) < min(max(end, at + 4), at + HEAD):
                    return at
                self._read_segment(marker, data[at : min(end, at + HEAD)], self._read - len(data) + at)
            at = end

    def _read_segment(self, marker: int, head: bytes, at: int) -> None:
        """Read a segment by its first bytes, from the marker on."""
        if marker == START_OF_SCAN:
            self._read_scan(head, at)
        elif self.scans:
            return
        elif marker in FRAMES:
            self._read_frame(marker, head)
        elif marker == APP1 and head[4:10] == b"Exif\0\0":
            self._exif += int.from_bytes(head[2:4], "big")
            if self._exif > MAX_EXIF_BYTES:
                raise Rejected(Reason.CORRUPT, f"The JPEG has more than {MAX_EXIF_BYTES} bytes of EXIF.")

    def _read_frame(self, marker: int, head: bytes) -> None:
        """Read marker and length in two bytes each, bits, height, width, and the components (B.2.2)."""
        bits, components = head[4:5], int.from_bytes(head[9:10], "big")
        self.frame = marker
        self.size = int.from_bytes(head[7:9], "big"), int.from_bytes(head[5:7], "big")
        self.sampling = tuple((each >> 4, each & 15) for each in head[11 : 11 + 3 * components : 3])
        no_height = self.size[0] and not self.size[1]  # it comes after the pixels
        if marker not in READABLE or bits == b"\x0c" or components == 2 or no_height:
            raise Rejected(
                Reason.UNSUPPORTED_FORMAT,
                "No browser shows such a JPEG (12 bits, lossless, hierarchical, JPEG-LS, two components or without a "
                "height), so this file is not resized; save it as an ordinary JPEG of 8 bits a sample.",
            )

    def _read_scan(self, head: bytes, at: int) -> None:
        """Read marker, length, the components, first and last coefficient, and the bits (B.2.3)."""
        progressive = self.frame in PROGRESSIVE
        if not self.scans:
            self.scan_at = at
            self.several_scans = progressive or head[4:5] != bytes([len(self.sampling)])
        self.scans += 1
        if self.scans > MAX_SCANS:
            raise Rejected(Reason.CORRUPT, f"The JPEG has more than {MAX_SCANS} scans, which is too many.")
        self.next_restart = RESTARTS.start
        first, last, bits = head[-3:]
        done = range(COEFFICIENTS)
        if progressive:
            done = range(0) if bits & 15 else range(first, last + 1)
        for component in head[5:-3:2]:
            self._complete[component].update(done)
