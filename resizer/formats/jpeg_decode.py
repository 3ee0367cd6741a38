"""Decodes a JPEG and detects missing pixels, but accepts a missing end marker.

If pixels are missing before the end marker, libjpeg fills them with grey, and Pillow reports no error. Without an end
marker libjpeg waits for more data. So we hold the end marker back until the decoder has shown that nothing is missing.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import IO, Final

from PIL.JpegImagePlugin import JpegImageFile

from resizer.errors import Reason, Rejected
from resizer.formats import pillow_private
from resizer.formats.base import truncated
from resizer.formats.jpeg_segments import END, Segments

# Between scans the decoder consumes single bytes at once; within a scan it waits for six or more.
AT_ONCE: Final = 2  # single bytes in a row
# Within a scan it looks 8 bytes ahead, and decodes padding as blocks, which may be as short as two bits.
PADDING: Final = 8 + AT_ONCE  # bytes
END_MARKER: Final = bytes([0xFF, END])


def decode_jpeg(image: JpegImageFile, stream: IO[bytes], header: Segments) -> None:
    """Decode an opened JPEG from its stream, like `image.load()`. Raises `Rejected`: `truncated` or `corrupt`.

    A complete picture needs no end marker. Missing pixels are `truncated`, even if an end marker follows. Two cases
    are not detected: a few missing blocks at the very end, and arithmetic-coded files with an end marker, whose
    encoder may have omitted zeros.
    """
    segments = Segments(stream)
    with pillow_private.jpeg_decoder(image) as decode_more:
        decoder = Decoder(decode_more)
        if header.arithmetic:
            whole = b"".join(segments.pieces())  # this decoder cannot wait for the next piece
            decoder.feed(whole + END_MARKER if segments.ended else b"")
        else:
            for piece in segments.pieces():
                decoder.feed(piece)
                if decoder.finished:  # all rows of a single scan: the rest has no pixels
                    return
            with suppress(Rejected):  # padding may not be what the decoder reads next
                _finish(decoder, segments)
    if not decoder.finished:
        raise truncated("JPEG")


def _finish(decoder: Decoder, segments: Segments) -> None:
    """Feed padding, and the end marker if nothing is missing, so that the decoder finishes."""
    if not decoder.is_between_scans() or decoder.finished or not segments.several_scans:
        return
    # It may also be waiting for a restart marker within a scan. Between scans it ignores one.
    decoder.feed(bytes([0xFF, segments.next_restart]))
    if decoder.is_between_scans(AT_ONCE) and segments.complete:
        decoder.feed(END_MARKER)


class Decoder:
    """Feeds Pillow's JPEG decoder in pieces; `finished` is True once it has all rows."""

    def __init__(self, decode_more: Callable[[bytes], tuple[int, int]]) -> None:
        self._decode_more = decode_more
        self._waiting = b""
        self.finished = False

    def feed(self, data: bytes) -> None:
        """Feed more of the file. Raises `Rejected` `corrupt`."""
        self._waiting += data
        taken, problem = self._decode_more(self._waiting)
        if problem < 0:
            raise Rejected(Reason.CORRUPT, "The JPEG cannot be decoded: its data is damaged.")
        self.finished = taken < 0
        self._waiting = b"" if self.finished else self._waiting[taken:]

    def is_between_scans(self, padding: int = PADDING) -> bool:
        """Feed zeros until the decoder shows that it has a whole scan, or everything up to a restart marker."""
        at_once = 0
        for _ in range(padding):
            nothing_waited = not self._waiting
            self.feed(b"\0")
            at_once = at_once + 1 if nothing_waited and not self._waiting else 0
            if self.finished or at_once == AT_ONCE:
                return True
        return False
