"""Makes every view of a picture that renditions need, each from the smallest picture that is large enough."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Final

from PIL import Image

from resizer.model import Frame, Header
from resizer.planning.geometry import Box, View, as_stored, sources
from resizer.resize import resize

SMALL_SIDE: Final = 32  # pixels
SAMPLES: Final = 12  # each pixel of a small copy is the mean of 12 x 12
# EXIF 2.32, tag 0x0112: how an image must be turned to stand upright.
TURNS: Final = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def at_views(
    decoded: Iterable[Frame],
    header: Header,
    views: Sequence[View],
    finish: Callable[[Image.Image], Image.Image],
) -> Iterator[Sequence[Frame]]:
    """Make the views largest first: upright and finished (colours converted).

    When this returns, everything is decoded, and all views that must be made from the decoded picture exist.
    """
    made_from = sources(header.upright_size, views)
    first = [view for view, source in made_from.items() if source is None]
    frames = [_first_views(frame, header, first, finish) for frame in decoded]
    at_hand: dict[View, Sequence[Frame]] = dict(zip(first, zip(*frames, strict=True), strict=True))
    return cascade(at_hand, views, made_from)


def cascade(
    at_hand: dict[View, Sequence[Frame]], views: Sequence[View], made_from: Mapping[View, View | None]
) -> Iterator[Sequence[Frame]]:
    """Yield all frames of each view, made from the view that `made_from` names, unless they exist already.

    Views are kept only while a later one needs them.
    """
    for number, view in enumerate(views):
        source = made_from[view]
        if view not in at_hand and source is not None:
            at_hand[view] = [
                replace(frame, pixels=resize(frame.pixels, view.size, box=_box(frame.pixels.size, source.crop, view)))
                for frame in at_hand[source]
            ]
        current = at_hand[view]
        later = views[number + 1 :]
        for done in at_hand.keys() - {*later, *(made_from[each] for each in later if each not in at_hand)}:
            del at_hand[done]
        yield current
        del current  # frees it before the next is made


def _first_views(
    frame: Frame, header: Header, views: Sequence[View], finish: Callable[[Image.Image], Image.Image]
) -> list[Frame]:
    """Views of a decoded frame, upright and finished.

    They are turned and converted after resizing, because they are smaller then; larger copies are closed at once.
    """
    pixels = frame.pixels
    parts, extent = [as_stored(view, header) for view in views], frame.crop_box or pixels.size
    kept = any(part.size == pixels.size for part in parts)  # this view is the decoded picture itself
    made = []
    for part in parts:
        box = _box(extent, (0, 0, header.width, header.height), part)
        close = part is parts[-1] and not kept
        made.append(resize(pixels, part.size, box=box, overwrite=not kept, close=close))
    if not kept:
        Image.Image.close(pixels)
    return [replace(frame, pixels=_finished(each, header, finish), crop_box=None) for each in made]


def _box(extent: tuple[float, float], shown: Box, view: View) -> Box:
    """Where a view is in pixels that show the part `shown` of the picture; `extent` is their exact width and height."""
    (left, top, right, bottom), (width, height) = shown, extent
    x0, x1 = ((at - left) * width / (right - left) for at in (view.crop[0], view.crop[2]))
    y0, y1 = ((at - top) * height / (bottom - top) for at in (view.crop[1], view.crop[3]))
    return x0, y0, x1, y1


def _finished(pixels: Image.Image, header: Header, finish: Callable[[Image.Image], Image.Image]) -> Image.Image:
    """Convert colours and turn upright; closes the given pixels if it made a copy."""
    for step in (finish, partial(_upright, header=header)):
        changed = step(pixels)
        if changed is not pixels:
            Image.Image.close(pixels)
        pixels = changed
    return pixels


def _upright(image: Image.Image, header: Header) -> Image.Image:
    image.info = {}  # encoders would write this metadata; we pass what we keep by name
    return image.transpose(TURNS[header.orientation]) if header.orientation in TURNS else image


def small_copy(frame: Frame, header: Header, finish: Callable[[Image.Image], Image.Image]) -> Image.Image:
    """A small copy of a decoded frame, at most `SMALL_SIDE` pixels a side, upright and finished.

    It skips pixels of large pictures. The frame is not changed.
    """
    times = max(frame.pixels.size) / SMALL_SIDE
    if times <= 1:
        return _finished(frame.pixels.copy(), header, finish)
    sampled = min(SAMPLES, int(times))
    width, height = (max(1, min(SMALL_SIDE, round(side / times))) * sampled for side in frame.pixels.size)
    copy = frame.pixels.resize((width, height), Image.Resampling.NEAREST).reduce(sampled)
    return _finished(copy, header, finish)
