"""Puts a picture on a canvas, with a background and a watermark."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from PIL import Image, ImageColor

from resizer.errors import Rejected, SourceGone, StorageError
from resizer.model import Frame, RenditionPlan, SourceObject
from resizer.planning.geometry import Size, point_of
from resizer.resize import resize
from resizer.settings.rules import Watermark

CLEAR: Final = (0, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Overlay:
    """A watermark's settings, and its picture: RGBA, upright, in sRGB, with the opacity of the settings."""

    picture: Image.Image
    watermark: Watermark

    def laid_out(self, canvas: Size) -> tuple[Image.Image, Size]:
        """The picture at its size, and its offset from left and top; never larger than the canvas."""
        how, width, height = self.watermark, self.picture.width, self.picture.height
        margin = round(how.margin * canvas[0])
        room = max(1, canvas[0] - 2 * margin), max(1, canvas[1] - 2 * margin)
        times = min(how.width * canvas[0] / width, room[0] / width, room[1] / height)
        size = max(1, round(times * width)), max(1, round(times * height))
        point = point_of(how.gravity)
        left, top = (
            min(margin + round((free - length) * at), side - length)
            for free, length, at, side in zip(room, size, point, canvas, strict=True)
        )
        return resize(self.picture, size), (left, top)


_overlays: dict[tuple[str, Watermark], Overlay] = {}  # loaded once per Lambda environment


def load_overlays(
    bucket: str,
    watermarks: Mapping[str, Watermark],
    plans: Sequence[RenditionPlan],
    picture_of: Callable[[SourceObject], Image.Image],
) -> dict[str, Overlay]:
    """The watermarks that the plans need, by their names in the settings; `picture_of` downloads and decodes one.

    Raises `StorageError` if one cannot be loaded: the upload is retried until the watermark exists.
    """
    found = {}
    for name in {plan.spec.watermark for plan in plans if plan.spec.watermark}:
        watermark = watermarks[name]
        if (bucket, watermark) not in _overlays:
            source = SourceObject(bucket, watermark.key)
            try:
                picture = picture_of(source).convert("RGBA")
            except (Rejected, SourceGone) as problem:
                raise StorageError(
                    f"The watermark {source.uri} cannot be used: {problem} Upload a picture there."
                ) from problem
            _overlays[bucket, watermark] = overlay(picture, watermark)
        found[name] = _overlays[bucket, watermark]
    return found


def overlay(picture: Image.Image, watermark: Watermark) -> Overlay:
    """A watermark with its own copy of an RGBA picture."""
    shown = picture.copy()
    shown.putalpha(shown.getchannel("A").point([round(level * watermark.opacity) for level in range(256)]))
    return Overlay(shown, watermark)


def compose(frames: Sequence[Frame], plan: RenditionPlan, mark: Overlay | None = None) -> Sequence[Frame]:
    """Compose all frames of a rendition: on their canvas, with their background, and with the watermark on top.

    Without a background the border is transparent. The given frames are not changed, and are returned if nothing is
    added.
    """
    colour = plan.spec.background and ImageColor.getrgb(plan.spec.background)
    see_through = any(frame.pixels.mode == "RGBA" for frame in frames)
    if not plan.placement.has_border and not mark and not (colour and see_through):
        return frames
    shown = mark and mark.laid_out(plan.size)

    def composed(pixels: Image.Image) -> Image.Image:
        canvas = Image.new("RGBA", plan.size, colour or CLEAR)
        canvas.alpha_composite(pixels.convert("RGBA"), plan.placement.at)
        if shown:
            canvas.alpha_composite(*shown)
        return canvas

    return [replace(frame, pixels=composed(frame.pixels)) for frame in frames]


def compose_each(
    pictures: Iterator[Sequence[Frame]], plans: Sequence[RenditionPlan], overlays: Mapping[str, Overlay]
) -> Iterator[Sequence[Frame]]:
    """Compose each plan's frames; `overlays` are the watermarks by their names in the settings."""
    for plan in plans:
        frames = next(pictures)
        yield compose(frames, plan, overlays.get(plan.spec.watermark or ""))
        del frames  # frees them before the next are made
