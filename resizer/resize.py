"""Each size from a larger one, by Lanczos: SIMD where its wheel is installed, Pillow's own elsewhere."""

from __future__ import annotations

import threading
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Final

from PIL import Image

from resizer.planning.geometry import is_kept, made_from

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from cykooz_resizer import Resizer

    from resizer.model import Frame, Header

try:
    import cykooz_resizer
    from cykooz_resizer.alpha import AlphaMulDiv
except ImportError:  # there are wheels for x86_64 Linux only
    cykooz_resizer = None

BACKEND: Final = "cykooz-resizer" if cykooz_resizer else "pillow"
MULTIPLIES_IN_PLACE: Final = BACKEND != "pillow"  # colours by their transparency


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


def at_sizes(
    decoded: Iterable[Frame],
    header: Header,
    sizes: Sequence[tuple[int, int]],
    finish: Callable[[Image.Image], Image.Image],
) -> Iterator[Sequence[Frame]]:
    """What is decoded at each size in turn, widest first: upright, and finished (in its colours).

    Everything is decoded, and the first size made, when this returns.
    """
    if not is_kept(header, sizes):
        return cascade(from_decoded(decoded, header, sizes[0], finish), sizes)
    kept = list(decoded)
    again = partial(from_decoded, kept, header, finish=finish, keep=True)
    return cascade(again(sizes[0]), sizes, again)


def from_decoded(
    frames: Iterable[Frame],
    header: Header,
    size: tuple[int, int],
    finish: Callable[[Image.Image], Image.Image],
    *,
    keep: bool = False,
) -> list[Frame]:
    """All decoded frames at the size of a rendition, upright and finished.

    They are turned and finished after they have been resized, when there is least of them to work on; the frames that
    were given are closed as soon as they are not needed, unless they are to be kept.
    """
    return [_first(frame, header, size, finish, keep=keep) for frame in frames]


def cascade(
    frames: Sequence[Frame],
    sizes: Sequence[tuple[int, int]],
    again: Callable[[tuple[int, int]], Sequence[Frame]] | None = None,
) -> Iterator[Sequence[Frame]]:
    """All frames at each size in turn, widest first, each made from larger ones that are enough wider (`made_from`).

    No more are held than what is to come is made from. With `again`, that makes what `frames` is not.
    """
    at_hand = {frames[0].pixels.size: frames}
    del frames
    for number, size in enumerate(sizes):
        if size not in at_hand:
            at_hand[size] = again(size) if again else _narrowed(at_hand[made_from(size, at_hand)], size)
        current, to_come = at_hand[size], sizes[number + 1 :]
        wanted = {each if again or each in at_hand else made_from(each, at_hand) for each in to_come}
        at_hand = {each: held for each, held in at_hand.items() if each in wanted}
        yield current
        del current  # or it would be held while the next is made


def _narrowed(frames: Iterable[Frame], size: tuple[int, int]) -> list[Frame]:
    return [replace(frame, pixels=resize(frame.pixels, size)) for frame in frames]


def _first(
    frame: Frame,
    header: Header,
    size: tuple[int, int],
    finish: Callable[[Image.Image], Image.Image],
    *,
    keep: bool,
) -> Frame:
    as_stored = (size[1], size[0]) if header.orientation >= 5 else size
    pixels = frame.pixels
    narrow = partial(resize, size=as_stored, extent=frame.extent, overwrite=not keep)
    for step in (narrow, finish, partial(_upright, header=header)):
        changed = step(pixels)
        if keep and pixels is frame.pixels:
            release_buffers()  # in its stead: they are as large
        elif changed is not pixels:
            Image.Image.close(pixels)  # the largest buffer, before there are more
        pixels = changed
    return replace(frame, pixels=pixels)


def _upright(image: Image.Image, header: Header) -> Image.Image:
    image.info = {}  # metadata that an encoder would write; what is kept is handed to it by name
    return image.transpose(TURNS[header.orientation]) if header.orientation in TURNS else image


def resize(
    image: Image.Image, size: tuple[int, int], *, extent: tuple[float, float] | None = None, overwrite: bool = False
) -> Image.Image:
    """An L, RGB, RGBA or CMYK image at `size` (width, height in pixels), by Lanczos with a support of 3.

    It holds what lies within `extent` (width, height in pixels, or all), or is shifted and stretched by what a decoder
    has rounded up: that costs up to 15 dB. Colours are weighted by their alpha, so that what lies under transparent
    pixels does not bleed into edges; with `overwrite` in the image itself instead of a copy. The image itself is
    returned where it has that size.
    """
    if image.size == size:
        return image
    extent = extent or image.size
    if cykooz_resizer is None:
        return image.resize(size, Image.Resampling.LANCZOS, (0, 0, *extent))
    target = Image.new(image.mode, size, None)  # not filled: every pixel is written
    if image.mode == "RGBA" and overwrite:
        _alpha.multiply_alpha_pil_inplace(image)  # from here on it is of mode RGBa
        target = Image.new("RGBa", size, None)
    box = cykooz_resizer.CropBox(0, 0, *extent)
    _resizer().resize_pil(image, target, cykooz_resizer.ResizeOptions(_lanczos, crop_box=box))
    if target.mode == "RGBa":
        _alpha.divide_alpha_pil_inplace(target)
    return target


_local = threading.local()
_alpha = cykooz_resizer and AlphaMulDiv()
_lanczos = cykooz_resizer and cykooz_resizer.ResizeAlg.convolution(cykooz_resizer.FilterType.lanczos3)


def _resizer() -> Resizer:
    """One per thread, for it keeps buffers between calls."""
    if not hasattr(_local, "resizer"):
        _local.resizer = cykooz_resizer.Resizer()
    resizer: Resizer = _local.resizer
    return resizer


def release_buffers() -> None:
    """Let go of what this thread's resampler keeps between calls: as much as the largest picture so far took."""
    vars(_local).pop("resizer", None)
