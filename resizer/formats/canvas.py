"""Composes the frames of an animation as browsers do: each frame is drawn on top of the last."""

from dataclasses import dataclass, replace
from enum import Enum, auto
from typing import Final

from PIL import Image

from resizer.model import Header

CLEAR: Final = (0, 0, 0, 0)


class Disposal(Enum):
    """What happens to a frame's area before the next frame is drawn."""

    KEEP = auto()
    CLEAR = auto()
    RESTORE = auto()  # to the pixels before this frame


@dataclass(frozen=True, slots=True)
class Control:
    """How a frame is shown: `size` and `place` (left, top) in pixels, `duration` in milliseconds.

    `over` blends the frame with the pixels below, otherwise it replaces them.
    """

    size: tuple[int, int]
    place: tuple[int, int]
    duration: float
    disposal: Disposal
    over: bool = True


def composed(header: Header, *, frames: int, plays: int, transparent: bool) -> Header:
    """The header of an animation, with the memory for the canvas, a decoded frame and its RGBA copy."""
    canvas = 4 * header.width * header.height
    buffered = header.buffered_bytes + 2 * canvas
    memory = replace(header, mode="RGBA", held_bytes=canvas, buffered_bytes=buffered)
    return replace(memory, frames=frames, loop=plays, has_transparency=header.has_transparency or transparent)


class Canvas:
    """A transparent picture to draw frames on; the last frame is disposed of before the next is drawn."""

    def __init__(self, size: tuple[int, int]) -> None:
        self._pixels = Image.new("RGBA", size, CLEAR)
        self._dispose: tuple[Image.Image | tuple[int, ...], tuple[int, int, int, int]] | None = None

    def draw(self, frame: Image.Image | None, control: Control) -> Image.Image:
        """Draw a frame (None: an invisible one) at a place inside, and return a copy of the whole picture.

        What reaches outside is cut off.
        """
        if self._dispose:
            self._pixels.paste(*self._dispose)
            self._dispose = None
        if frame:
            left, top = control.place
            inside = 0, 0, min(frame.width, self._pixels.width - left), min(frame.height, self._pixels.height - top)
            frame = frame if frame.size == inside[2:] else frame.crop(inside)
            box = (left, top, left + frame.width, top + frame.height)
            if control.disposal is not Disposal.KEEP:
                self._dispose = (CLEAR if control.disposal is Disposal.CLEAR else self._pixels.crop(box)), box
            if control.over and frame.has_transparency_data:
                self._pixels.alpha_composite(frame.convert("RGBA"), control.place)
            else:
                self._pixels.paste(frame.convert("RGBA"), control.place)
        return self._pixels.copy()
