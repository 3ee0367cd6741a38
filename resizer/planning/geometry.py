"""Computes which part of a source a rendition shows, at which size, and which larger picture it is made from."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

from resizer.model import OVERSAMPLING, Header
from resizer.settings.rules import Fit, RenditionSpec

Size = tuple[int, int]
Box = tuple[float, float, float, float]  # left, top, right, bottom
Point = tuple[float, float]  # fractions of the width from the left and of the height from the top

ATTENTION: Final = "attention"  # the part that people look at; it depends on the pixels
POINTS: Final[dict[str, Point]] = {
    "northwest": (0, 0), "north": (0.5, 0), "northeast": (1, 0),
    "west": (0, 0.5), "center": (0.5, 0.5), "east": (1, 0.5), ATTENTION: (0.5, 0.5),
    "southwest": (0, 1), "south": (0.5, 1), "southeast": (1, 1),
}  # fmt: skip
FOCAL_POINT: Final = "focal-point"  # the user metadata of a source, without `x-amz-meta-`
EPSILON: Final = 1e-6  # pixels; for rounding errors


class View(NamedTuple):
    """A part of the upright source: `crop` in its pixels, shown at `size` in pixels."""

    crop: Box
    size: Size

    def whole(self, upright: Size) -> Size:
        """Width and height in pixels of the whole source at the same scale."""
        left, top, right, bottom = self.crop
        across, down = (self.size[0] / (right - left), self.size[1] / (bottom - top))
        return max(1, round(upright[0] * across)), max(1, round(upright[1] * down))

    def is_enlarged(self) -> bool:
        """Whether it has more pixels than this part of the source."""
        left, top, right, bottom = self.crop
        return self.size[0] > right - left + 0.5 or self.size[1] > bottom - top + 0.5

    def holds(self, other: View) -> bool:
        """Whether this view shows everything that the other one shows."""
        (left, top, right, bottom), (x0, y0, x1, y1) = self.crop, other.crop
        return left <= x0 + EPSILON and top <= y0 + EPSILON and right >= x1 - EPSILON and bottom >= y1 - EPSILON


@dataclass(frozen=True, slots=True)
class Placement:
    """How a rendition is laid out: a view of the source, with its offset `at` (left, top) on `canvas` in pixels.

    With `attention`, `layout.attention.focus` moves the crop once the pixels are decoded.
    """

    view: View
    canvas: Size
    at: Size = (0, 0)
    attention: bool = False

    @property
    def has_border(self) -> bool:
        """Whether the picture does not cover the canvas."""
        return self.canvas != self.view.size


def place(upright: Size, spec: RenditionSpec, focal: Point | None = None) -> Placement:
    """Lay out one rendition of a source with this upright size in pixels; no side is ever zero.

    A crop keeps the point `focal`, if there is one, instead of its gravity.
    """
    width, height = spec.width, spec.height
    if width is None or height is None or spec.fit is Fit.INSIDE:
        return whole(upright, _inside(upright, width, height, enlarge=spec.enlarge))
    point = point_of(spec.gravity)
    if spec.fit is Fit.CONTAIN:
        size = _inside(upright, width, height, enlarge=spec.enlarge)
        at = round((width - size[0]) * point[0]), round((height - size[1]) * point[1])
        return replace(whole(upright, size), canvas=(width, height), at=at)
    view = _cover(upright, (width, height), focal or point, enlarge=spec.enlarge)
    slides = view.crop != (0, 0, *upright)
    return Placement(view, view.size, attention=slides and focal is None and spec.gravity == ATTENTION)


def whole(upright: Size, size: Size) -> Placement:
    """The whole source at a size, without a border."""
    return Placement(View((0, 0, *upright), size), size)


def _inside(upright: Size, width: int | None, height: int | None, *, enlarge: bool) -> Size:
    """The largest proportional size that fits the box; not larger than the source, unless `enlarge`."""
    across, down = upright
    if height is None or (width is not None and width * down <= height * across):
        limit = width or across
        if limit > across and not enlarge:
            return upright
        return limit, max(1, (2 * down * limit + across) // (2 * across))
    turned = _inside((down, across), height, None, enlarge=enlarge)
    return turned[1], turned[0]


def _cover(upright: Size, box: Size, point: Point, *, enlarge: bool) -> View:
    """The largest part with the box's proportions; the point is in its middle, or as near as the edges allow."""
    (across, down), (width, height) = upright, box
    size, window = box, (max(1.0, min(across, down * width / height)), max(1.0, min(down, across * height / width)))
    if not enlarge and (width > across or height > down):
        size = window = _inside(box, across, down, enlarge=True)
    left, top = (
        max(0.0, min(at * side - length / 2, side - length))
        for at, side, length in zip(point, upright, window, strict=True)
    )
    if window == size:  # not scaled, so whole pixels can be copied
        left, top = round(left), round(top)
    return View((left, top, min(across, left + window[0]), min(down, top + window[1])), size)


def as_stored(view: View, header: Header) -> View:
    """An upright view's part of the stored pixels, before EXIF's orientation is applied."""
    left, top, right, bottom = view.crop
    across, down, size = (left, right), (top, bottom), view.size
    if header.orientation >= 5:
        across, down, size = down, across, (size[1], size[0])
    if header.orientation in {2, 3, 7, 8}:
        across = header.width - across[1], header.width - across[0]
    if header.orientation in {3, 4, 6, 7}:
        down = header.height - down[1], header.height - down[0]
    return View((across[0], down[0], across[1], down[1]), size)


def wanted_size(header: Header, views: Iterable[View]) -> Size:
    """The size in pixels, as stored, of the whole picture at the scale of its largest view."""
    sizes = [each.whole(header.upright_size) for each in views]
    width, height = max(size[0] for size in sizes), max(size[1] for size in sizes)
    return (height, width) if header.orientation >= 5 else (width, height)


def point_of(gravity: str | Point) -> Point:
    """The point of a gravity in the settings; the middle for `attention`, which depends on the picture."""
    return POINTS[gravity] if isinstance(gravity, str) else gravity


def focal_point(text: str | None, warn: Callable[[str], None]) -> Point | None:
    """The point in a source's user metadata, such as `0.31,0.62`; spaces do not matter.

    None without one. A text that is not two numbers from 0 to 1 is ignored, with a warning.
    """
    if text is None:
        return None
    try:
        across, down = (float(part) for part in text.split(","))
    except ValueError:
        across = down = -1
    if 0 <= across <= 1 and 0 <= down <= 1:  # false for "nan"
        return across, down
    warn(f"The user metadata {FOCAL_POINT} is ignored: {text[:40]!r} is not two fractions such as 0.31,0.62.")
    return None


def rank(upright: Size, placement: Placement) -> tuple[bool, Size, Size]:
    """The sort key for the order of work: a view comes after those that it can be made from, and enlarged ones last."""
    view = placement.view
    return not view.is_enlarged(), view.whole(upright), view.size


def sources(upright: Size, views: Iterable[View]) -> dict[View, View | None]:
    """The view that each view is made from, for views in the order of `rank`; None is the decoded picture."""
    chosen: dict[View, View | None] = {}
    for view in views:
        if view not in chosen:
            chosen[view] = cascade_source(upright, view, chosen)
    return chosen


def cascade_source(upright: Size, view: View, made: Collection[View]) -> View | None:
    """The smallest view that contains this one and is large enough to scale down, else the largest, or None."""
    width = view.whole(upright)[0]
    fit = [each for each in made if each.holds(view) and not each.is_enlarged() and each.whole(upright)[0] >= width]
    fit.sort(key=lambda each: (each.whole(upright), each.size))
    enough = [each for each in fit if each.whole(upright)[0] >= OVERSAMPLING * width]
    return enough[0] if enough else fit[-1] if fit else None
