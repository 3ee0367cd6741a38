"""Puts a picture on a canvas, with a background and a watermark."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from PIL import Image, ImageColor

from resizer.model import Format
from resizer.planning.geometry import COMPASS, point_of
from resizer.resize import resize

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from resizer.model import Frame, RenditionPlan
    from resizer.planning.geometry import Placement, Size
    from resizer.settings.rules import Watermark

Colour = tuple[int, ...]  # red, green, blue, and opacity where it is not 255

WHITE: Final[Colour] = (255, 255, 255)
CLEAR: Final[Colour] = (0, 0, 0, 0)
OPAQUE: Final = 255


@dataclass(frozen=True, slots=True)
class Overlay:
    """A watermark's settings with its picture (RGBA, upright, in sRGB)."""

    picture: Image.Image
    watermark: Watermark

    def laid_out(self, canvas: Size) -> tuple[Image.Image, Size]:
        """The picture at its size and opacity, and its offset from left and top; never larger than the canvas."""
        how, picture = self.watermark, self.picture
        margin = round(how.margin * canvas[0])
        room = max(1, canvas[0] - 2 * margin), max(1, canvas[1] - 2 * margin)
        times = min(how.width * canvas[0] / picture.width, room[0] / picture.width, room[1] / picture.height)
        size = max(1, round(times * picture.width)), max(1, round(times * picture.height))
        shown = resize(picture, size)
        if how.opacity < 1:
            shown = shown.copy() if shown is picture else shown
            shown.putalpha(shown.getchannel("A").point([round(level * how.opacity) for level in range(256)]))
        point = point_of(how.gravity) or COMPASS["center"]
        left, top = (
            min(margin + round((free - length) * at), side - length)
            for free, length, at, side in zip(room, size, point, canvas, strict=True)
        )
        return shown, (left, top)


def background(colour: str | None, formats: Collection[Format]) -> Colour | None:
    """Parse `#rrggbb` or `#rrggbbaa`; without a colour: white if no format supports transparency, else None."""
    if colour is None:
        return WHITE if set(formats) == {Format.JPEG} else None
    return ImageColor.getrgb(colour)


def compose(
    frames: Sequence[Frame], placement: Placement, colour: Colour | None = None, overlay: Overlay | None = None
) -> Sequence[Frame]:
    """Compose all frames of a rendition: on their canvas, with `colour` as background, and with the watermark on top.

    Without a colour the border is transparent. The given frames are not changed, and are returned if nothing is added.
    """
    see_through = any(frame.pixels.mode == "RGBA" for frame in frames)
    if overlay is None and not placement.has_border and not (colour and see_through):
        return frames
    mark = overlay.laid_out(placement.canvas) if overlay else None
    return [replace(frame, pixels=_marked(_on_canvas(frame.pixels, placement, colour), mark)) for frame in frames]


def _on_canvas(pixels: Image.Image, placement: Placement, colour: Colour | None) -> Image.Image:
    see_through = pixels.mode == "RGBA"
    if not placement.has_border and not (colour and see_through):
        return pixels.copy()
    colour = colour or CLEAR
    mode = "RGBA" if len(colour) > len(WHITE) and colour[-1] < OPAQUE else "RGB"
    canvas = Image.new(mode, placement.canvas, colour if mode == "RGBA" else colour[: len(WHITE)])
    if not see_through or colour == CLEAR:
        canvas.paste(pixels, placement.at)
    elif mode == "RGBA":
        canvas.alpha_composite(pixels, placement.at)
    else:
        canvas.paste(pixels, placement.at, pixels.getchannel("A"))
    return canvas


def _marked(pixels: Image.Image, mark: tuple[Image.Image, Size] | None) -> Image.Image:
    if mark is None:
        return pixels
    shown, at = mark
    if pixels.mode == "RGBA":
        pixels.alpha_composite(shown, at)
        return pixels
    coloured = pixels.convert("RGB") if pixels.mode == "L" else pixels
    coloured.paste(shown, at, shown.getchannel("A"))
    return coloured


def compose_each(
    pictures: Iterator[Sequence[Frame]], plans: Sequence[RenditionPlan], overlays: Mapping[str, Overlay]
) -> Iterator[Sequence[Frame]]:
    """Compose each plan's frames; `overlays` are the watermarks by their names in the settings."""
    for plan in plans:
        frames = next(pictures)
        colour = background(plan.spec.background, (plan.format,))
        yield compose(frames, plan.placement, colour, overlays.get(plan.spec.watermark or ""))
        del frames  # frees them before the next are made
