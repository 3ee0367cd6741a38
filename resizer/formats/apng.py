"""Composes the frames of an animated PNG (PNG specification, third edition, 11.3.6) as browsers do."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from resizer.errors import Reason, Rejected
from resizer.formats.canvas import Canvas, Disposal
from resizer.formats.png_chunks import LeftOut
from resizer.formats.png_pixels import Data, PngPixels
from resizer.model import Frame

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from resizer.formats.png_chunks import Chunks
    from resizer.formats.png_header import PngHeader

CONTROL: Final = struct.Struct(">5I2H2B")
DISPOSALS: Final = (Disposal.KEEP, Disposal.CLEAR, Disposal.RESTORE)
OVER: Final = 1
HUNDREDTHS: Final = 100  # a delay's denominator of 0 means this


@dataclass(frozen=True, slots=True)
class Control:
    """The content of an fcTL chunk, about the next frame: `duration` is in milliseconds."""

    size: tuple[int, int]
    place: tuple[int, int]
    duration: float
    disposal: Disposal
    over: bool


class Frames:
    """The frames of a PNG whose `chunks` are at its first IDAT: the first frame, or a picture outside the animation.

    As in Chromium, a damaged or impossible fcTL ends the animation. Raises `Rejected`: `truncated` if the file ends
    before its last frame, `corrupt` if there is no frame, or if pixels have a wrong checksum.
    """

    def __init__(self, header: PngHeader, chunks: Chunks, warn: Callable[[str], None]) -> None:
        self._header, self._chunks, self._warn = header, chunks, warn
        self._number = 0  # of the next fcTL or fdAT

    def __iter__(self) -> Iterator[Frame]:
        canvas, made = Canvas(self._header.size), 0
        control = self._first()
        while control:
            begin = self._check_number if self._chunks.kind == b"fdAT" else lambda: None
            data = Data(self._chunks, begin)
            pixels = PngPixels(self._header, control.size, data.read).composed()
            made += 1
            data.finish()
            drawn = canvas.draw(pixels, control.place, control.disposal, over=control.over)
            del pixels
            yield Frame(drawn, control.duration)
            control = self._next() if made < self._header.announced else None
        if not made:
            raise Rejected(Reason.CORRUPT, "The PNG is an animation without frames.")
        if self._chunks.kind == b"IEND":
            self._chunks.needed(0)
        if made < self._header.announced:
            self._warn(f"The PNG has {made} of the {self._header.announced} frames that it announces.")

    def _first(self) -> Control | None:
        """The first frame's control; skips a picture that is only for viewers without animation."""
        if self._header.control is None:
            Data(self._chunks).finish()
            return self._next()
        control = self._parsed(self._header.control)
        if control and (control.size, control.place) != (self._header.size, (0, 0)):
            raise Rejected(Reason.CORRUPT, "The first frame of the PNG is smaller than the picture.")
        return control

    def _next(self) -> Control | None:
        """The next frame's control, None after the last frame. The next chunk has the frame's pixels."""
        control = None
        while self._chunks.kind != b"fdAT":
            if not self._chunks.kind:
                raise Rejected(Reason.TRUNCATED, "The PNG ends before its last frame; upload the whole file.")
            if self._chunks.is_needed:  # the end, or a chunk that decoders must not skip
                return None
            if self._chunks.kind == b"fcTL":
                control = self._parsed(self._body())
                if control is None:
                    return None
            else:
                self._chunks.is_right()
            self._chunks.advance()
        return control

    def _body(self) -> bytes:
        try:
            return self._chunks.body(CONTROL.size)
        except LeftOut:
            return b""

    def _parsed(self, body: bytes) -> Control | None:
        """Parse an fcTL; None if it is damaged or impossible."""
        if len(body) != CONTROL.size:
            return None
        number, width, height, left, top, delay, parts, disposal, blend = CONTROL.unpack(body)
        inside = left + width <= self._header.size[0] and top + height <= self._header.size[1]
        if number != self._number or not (width and height and inside) or disposal >= len(DISPOSALS) or blend > OVER:
            return None
        self._number += 1
        duration = 1000 * delay / (parts or HUNDREDTHS)
        return Control((width, height), (left, top), duration, DISPOSALS[disposal], blend == OVER)

    def _check_number(self) -> None:
        if int.from_bytes(self._chunks.read(4), "big") != self._number:
            raise Rejected(Reason.CORRUPT, "Frames of the PNG are missing or in the wrong order.")
        self._number += 1
