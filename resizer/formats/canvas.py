"""Composes the frames of an animation as browsers do: each frame is drawn on top of the last."""

from __future__ import annotations

from enum import Enum, auto
from typing import Final

from PIL import Image

CLEAR: Final = (0, 0, 0, 0)


class Disposal(Enum):
    """What happens to a frame's area before the next frame is drawn."""

    KEEP = auto()
    CLEAR = auto()
    RESTORE = auto()  # to the pixels before this frame


class Canvas:
    """A transparent picture to draw frames on; the last frame is disposed of before the next is drawn."""

    def __init__(self, size: tuple[int, int]) -> None:
        self._pixels = Image.new("RGBA", size, CLEAR)
        self._dispose: tuple[Image.Image | tuple[int, ...], tuple[int, int, int, int]] | None = None

    def draw(self, frame: Image.Image | None, place: tuple[int, int], disposal: Disposal, *, over: bool) -> Image.Image:
        """Draw a frame (None: an invisible one) at a place (left, top) inside, and return a copy of the whole picture.

        What reaches outside is cut off. `over` blends the frame with the pixels below, otherwise it replaces them.
        """
        if self._dispose:
            self._pixels.paste(*self._dispose)
            self._dispose = None
        if frame:
            left, top = place
            inside = 0, 0, min(frame.width, self._pixels.width - left), min(frame.height, self._pixels.height - top)
            frame = frame if frame.size == inside[2:] else frame.crop(inside)
            box = (left, top, left + frame.width, top + frame.height)
            if disposal is not Disposal.KEEP:
                self._dispose = (CLEAR if disposal is Disposal.CLEAR else self._pixels.crop(box)), box
            if over and frame.has_transparency_data:
                self._pixels.alpha_composite(frame.convert("RGBA"), place)
            else:
                self._pixels.paste(frame.convert("RGBA"), place)
        return self._pixels.copy()
