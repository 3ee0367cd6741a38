"""Reads a JPEG's scans up to its end marker, which the decoder must not see too early."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import IO, TYPE_CHECKING, Final

from resizer.errors import Reason, Rejected
from resizer.formats.jpeg_segments import END, PROGRESSIVE, RESTARTS, STANDALONE, START_OF_SCAN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from resizer.formats.jpeg_segments import Coding

PIECE: Final = 65_536  # bytes
# Each scan processes every block again, however few bytes it has. Encoders make about ten, optimisers a few dozen.
MAX_SCANS: Final = 100
# All markers. A photo may have thousands of restart markers, so we only search for these if we need them.
MARKER: Final = re.compile(rb"\xFF[\x01-\xCF\xD8-\xFE]")
MARKER_OR_RESTART: Final = re.compile(rb"\xFF[\x01-\xFE]")
# Marker, length, count, two bytes for each of at most four components; first and last coefficient, bits (T.81, B.2.3).
SCAN_HEADER: Final = 16
COEFFICIENTS: Final = 64  # of a block


class Scans:
    """Reads an opened JPEG for its decoder: from the first byte up to its end marker, without it."""

    def __init__(self, stream: IO[bytes], coding: Coding) -> None:
        self._stream, self._coding = stream, coding
        self._scans = 0
        self._done: defaultdict[int, set[int]] = defaultdict(set)  # the coefficients with all bits, by component
        self.next_restart = RESTARTS.start
        self.ended = False

    @property
    def complete(self) -> bool:
        """Whether no scan is missing. With an end marker the last ones may be: the picture is only less sharp."""
        needed = 0 if self.ended else COEFFICIENTS
        return len(self._done) >= len(self._coding.sampling) and all(
            len(done) >= needed for done in self._done.values()
        )

    def pieces(self) -> Iterator[bytes]:
        """Yield the bytes in order. Raises `Rejected` `corrupt` for more than `MAX_SCANS` scans."""
        kept, at = b"", self._coding.scan_at
        self._stream.seek(0)
        while read := self._stream.read(PIECE):
            data = kept + read
            at = self._next(data, at)
            yield data[:at]
            if self.ended:
                return
            kept, at = data[at:], max(at - len(data), 0)
        if kept and kept != b"\xff":  # half an end marker
            yield kept

    def _next(self, data: bytes, at: int) -> int:
        """The offset of the end marker, of an incomplete marker, or of the next marker after these bytes."""
        pattern = MARKER_OR_RESTART if self._coding.restarts and self._coding.several_scans else MARKER
        while found := pattern.search(data, at):
            at, marker = found.start(), data[found.start() + 1]
            if marker == END:
                self.ended = True
                return at
            if marker in RESTARTS:
                self.next_restart = RESTARTS[(marker + 1) % len(RESTARTS)]
            if marker in STANDALONE or marker < 0xC0:  # these have no length
                at += 2
                continue
            end = at + 2 + max(int.from_bytes(data[at + 2 : at + 4], "big"), 2)
            if len(data) < (min(end, at + SCAN_HEADER) if marker == START_OF_SCAN else at + 4):
                return at
            if marker == START_OF_SCAN:
                self._count_scan(data[at : min(end, at + SCAN_HEADER)])
            at = end
        return max(at, len(data) - data.endswith(b"\xff"))

    def _count_scan(self, header: bytes) -> None:
        self._scans += 1
        first, last, bits = header[-3:]
        progressive = self._coding.frame in PROGRESSIVE
        done = range(first, last + 1) if progressive else range(COEFFICIENTS)
        for component in header[5:-3:2]:
            self._done[component].update(() if progressive and bits & 15 else done)
        self.next_restart = RESTARTS.start
        if self._scans > MAX_SCANS:
            raise Rejected(Reason.CORRUPT, f"The JPEG has more than {MAX_SCANS} scans, which is too many.")
