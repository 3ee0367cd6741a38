"""A JPEG's scans for its decoder, which must not see the end marker before all pixels are there.

libjpeg fills with grey what is missing when it meets an end marker, and tells nobody who calls it by way of Pillow.
Without one it waits. So the marker is held back until the decoder has shown that it misses nothing.
"""

from __future__ import annotations

import re
from collections import defaultdict
from typing import IO, TYPE_CHECKING, Final

from resizer.errors import Reason, Rejected
from resizer.formats import pillow_private
from resizer.formats.jpeg_segments import END, PROGRESSIVE, RESTARTS, STANDALONE, START_OF_SCAN

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from PIL.JpegImagePlugin import JpegImageFile

    from resizer.formats.jpeg_segments import Coding

PIECE: Final = 65_536  # bytes
# Each scan goes over every block again, however few bytes it has. Encoders make about ten, optimisers a few dozen.
MAX_SCANS: Final = 100
# What is no compressed data; restart markers are told apart only where that is needed, for there may be thousands.
MARKER: Final = re.compile(rb"\xFF[\x01-\xCF\xD8-\xFE]")
MARKER_OR_RESTART: Final = re.compile(rb"\xFF[\x01-\xFE]")
# Marker, length, count, two bytes for each of at most four components; first and last coefficient, bits (T.81, B.2.3).
SCAN_HEADER: Final = 16
COEFFICIENTS: Final = 64  # of a block
# Between scans the decoder takes single bytes at once; within a scan it waits for six and more before it takes them.
AT_ONCE: Final = 2  # single bytes in a row
# Within a scan it looks 8 bytes ahead. What it does not need is taken for blocks, which may be as short as two bits.
PADDING: Final = 8 + AT_ONCE  # bytes
END_MARKER: Final = bytes([0xFF, END])


class Scans:
    """Reads an opened JPEG for its decoder: from the first byte up to its end marker, without it."""

    def __init__(self, stream: IO[bytes], coding: Coding) -> None:
        self._stream, self._coding = stream, coding
        self._scans = 0
        self._done: defaultdict[int, set[int]] = defaultdict(set)  # by component, its coefficients that have all bits
        self.next_restart = RESTARTS.start
        self.ended = False

    @property
    def complete(self) -> bool:
        """Whether no scan is missing. Before an end marker the last ones may: then the picture is only less sharp."""
        needed = 0 if self.ended else COEFFICIENTS
        return len(self._done) >= len(self._coding.sampling) and all(
            len(done) >= needed for done in self._done.values()
        )

    def pieces(self) -> Iterator[bytes]:
        """Yield the bytes in order. Raises `Rejected` `corrupt` for more scans than any honest file has."""
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
        """The offset of the end marker, of a marker that is not whole yet, or of what comes behind these bytes."""
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
            raise Rejected(Reason.CORRUPT, f"The JPEG has more than {MAX_SCANS} scans, which no honest one has.")


def decode(image: JpegImageFile, coding: Coding) -> None:
    """Decode an opened JPEG, as `image.load()` does. Raises `Rejected`: `truncated` or `corrupt`.

    A picture with all of its pixels needs no end marker. Missing pixels are `truncated`, even with an end marker behind
    them. Some blocks at the very end may escape, and whatever an arithmetic-coded file with an end marker misses: its
    encoder may have left zeros out.
    """
    scans = Scans(pillow_private.stream_of(image), coding)
    with pillow_private.jpeg_decoder(image) as decode_more:
        decoder = Decoder(decode_more)
        if coding.arithmetic:
            whole = b"".join(scans.pieces())  # this decoder cannot wait for the next piece
            decoder.feed(whole + END_MARKER if scans.ended else b"")
        else:
            _feed_all(decoder, scans, coding)
    if not decoder.finished:
        raise Rejected(Reason.TRUNCATED, "The JPEG ends before its last pixel; upload the whole file.")


def _feed_all(decoder: Decoder, scans: Scans, coding: Coding) -> None:
    """Feed a JPEG to its decoder, and the end marker only where nothing is missing before it."""
    for piece in scans.pieces():
        decoder.feed(piece)
        if decoder.finished:  # all rows of a single scan: what is left holds no pixels
            return
    if not decoder.is_between_scans() or decoder.finished or not coding.several_scans:
        return
    if coding.restarts:  # the decoder may be waiting for a restart marker
        decoder.feed(bytes([0xFF, scans.next_restart]))
        if not decoder.is_between_scans(AT_ONCE):
            return
    if scans.complete:
        decoder.feed(END_MARKER)


class Decoder:
    """libjpeg behind Pillow, which takes bytes in pieces; `finished` says that it has all rows."""

    def __init__(self, decode_more: Callable[[bytes], tuple[int, int]]) -> None:
        self._decode_more = decode_more
        self._waiting = b""
        self.finished = False

    def feed(self, data: bytes) -> None:
        """Hand over more of the file. Raises `Rejected` `corrupt`."""
        self._waiting += data
        taken, problem = self._decode_more(self._waiting)
        if problem < 0:
            raise Rejected(Reason.CORRUPT, "The JPEG cannot be decoded: its data is damaged.")
        self.finished = taken < 0
        self._waiting = b"" if self.finished else self._waiting[taken:]

    def is_between_scans(self, padding: int = PADDING) -> bool:
        """Feed zeros until the decoder shows that it has all of a scan, or of what comes before a restart marker."""
        at_once = 0
        for _ in range(padding):
            nothing_waited = not self._waiting
            self.feed(b"\0")
            at_once = at_once + 1 if nothing_waited and not self._waiting else 0
            if self.finished or at_once == AT_ONCE:
                return True
        return False
