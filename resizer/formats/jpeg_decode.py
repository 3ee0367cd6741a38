"""Decodes a JPEG so that a picture with missing pixels is told from one without an end marker.

libjpeg fills with grey what is missing before an end marker, and Pillow does not say so. Without one it waits for more.
So the end marker is held back until the decoder has shown that nothing is missing.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Final

from resizer.errors import Reason, Rejected
from resizer.formats import pillow_private
from resizer.formats.jpeg_scans import Scans
from resizer.formats.jpeg_segments import END

if TYPE_CHECKING:
    from collections.abc import Callable

    from PIL.JpegImagePlugin import JpegImageFile

    from resizer.formats.jpeg_segments import Coding

# Between scans the decoder takes single bytes at once; within a scan it waits for six and more before it takes them.
AT_ONCE: Final = 2  # single bytes in a row
# Within a scan it looks 8 bytes ahead. What it does not need is taken for blocks, which may be as short as two bits.
PADDING: Final = 8 + AT_ONCE  # bytes
END_MARKER: Final = bytes([0xFF, END])


def decode_jpeg(image: JpegImageFile, coding: Coding) -> None:
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
            for piece in scans.pieces():
                decoder.feed(piece)
                if decoder.finished:  # all rows of a single scan: what is left holds no pixels
                    return
            with suppress(Rejected):  # padding may not be what the decoder reads next
                _finish(decoder, scans, coding)
    if not decoder.finished:
        raise Rejected(Reason.TRUNCATED, "The JPEG ends before its last pixel; upload the whole file.")


def _finish(decoder: Decoder, scans: Scans, coding: Coding) -> None:
    """Let the decoder finish a picture with no more than padding, and the end marker where nothing is missing."""
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
