"""Composes the frames of an animation as browsers do: each is drawn on what the one before leaves."""

from __future__ import annotations

from enum import Enum, auto
from typing import Final

from PIL import Image

CLEAR: Final = (0, 0, 0, 0)


class Disposal(Enum):
    """What becomes of a frame when its time is over."""

    KEEP = auto()
    CLEAR = auto()
    RESTORE = auto()  # what was there before it


class Canvas:
    """A picture that begins transparent and that frames are drawn on, each after the one before was disposed of."""

    def __init__(self, size: tuple[int, int]) -> None:
        self._pixels = Image.new("RGBA", size, CLEAR)
        self._dispose: tuple[Image.Image | tuple[int, ...], tuple[int, int, int, int]] | None = None

    def draw(self, frame: Image.Image | None, place: tuple[int, int], disposal: Disposal, *, over: bool) -> Image.Image:
        """The whole picture with a frame (None: one that shows nothing) at a place (left, top), cut off at its sides.

        `over` blends it with what is there, otherwise it replaces that.
        """
        if self._dispose:
            self._pixels.paste(*self._dispose)
            self._dispose = None
        if frame:
            left, top = place
            width, height = min(frame.width, self._pixels.width - left), min(frame.height, self._pixels.height - top)
            if width > 0 and height > 0:
                inside = frame if frame.size == (width, height) else frame.crop((0, 0, width, height))
                self._draw(inside, (left, top, left + width, top + height), disposal, over=over)
        return self._pixels.copy()

    def _draw(self, frame: Image.Image, box: tuple[int, int, int, int], disposal: Disposal, *, over: bool) -> None:
        if disposal is not Disposal.KEEP:
            self._dispose = (CLEAR if disposal is Disposal.CLEAR else self._pixels.crop(box)), box
        if over and frame.has_transparency_data:
            self._pixels.alpha_composite(frame.convert("RGBA"), box[:2])
        else:
            self._pixels.paste(frame.convert("RGBA"), box)
