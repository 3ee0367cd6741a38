"""Each size from a larger one, by Lanczos: SIMD where its wheel is installed, Pillow's own elsewhere."""

from __future__ import annotations

import threading
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Final

from PIL import Image

from resizer.planning.geometry import cascade_source

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
    """Make the picture at each size in turn, largest first: upright, and finished (in its colours).

    Everything is decoded, and the first size made, when this returns.
    """
    return cascade([_first_size(frame, header, sizes[0], finish) for frame in decoded], sizes)


def cascade(frames: Sequence[Frame], sizes: Sequence[tuple[int, int]]) -> Iterator[Sequence[Frame]]:
    """All frames at each size in turn, largest first, each made from the size that `cascade_source` picks.

    Only sizes that a later one is made from are kept.
    """
    at_hand = {frames[0].pixels.size: frames}
    del frames
    for number, size in enumerate(sizes):
        if size not in at_hand:
            source = at_hand[cascade_source(size, at_hand)]
            at_hand[size] = [replace(frame, pixels=resize(frame.pixels, size)) for frame in source]
            del source  # or it would be held while the caller encodes
        current = at_hand[size]
        wanted = {each if each in at_hand else cascade_source(each, at_hand) for each in sizes[number + 1 :]}
        at_hand = {each: held for each, held in at_hand.items() if each in wanted}
        yield current
        del current  # or it would be held while the next is made


def _first_size(
    frame: Frame, header: Header, size: tuple[int, int], finish: Callable[[Image.Image], Image.Image]
) -> Frame:
    """A decoded frame at the largest size, upright and finished.

    It is turned and finished after it has been resized, when it is smallest; each larger copy is closed at once.
    """
    as_stored = (size[1], size[0]) if header.orientation >= 5 else size
    pixels = frame.pixels
    narrow = partial(resize, size=as_stored, crop_box=frame.crop_box, overwrite=True)
    for step in (narrow, finish, partial(_upright, header=header)):
        changed = step(pixels)
        if changed is not pixels:
            Image.Image.close(pixels)
        pixels = changed
    return replace(frame, pixels=pixels, crop_box=None)


def _upright(image: Image.Image, header: Header) -> Image.Image:
    image.info = {}  # metadata that an encoder would write; what is kept is handed to it by name
    return image.transpose(TURNS[header.orientation]) if header.orientation in TURNS else image


def resize(
    image: Image.Image, size: tuple[int, int], *, crop_box: tuple[float, float] | None = None, overwrite: bool = False
) -> Image.Image:
    """An L, RGB, RGBA or CMYK image at `size` (width, height in pixels), by Lanczos with a support of 3.

    It shows what is within `crop_box` (width, height in pixels; None: all): without that, what a decoder has rounded
    up would shift and stretch it, for up to 15 dB. Colours are weighted by their alpha, so that what lies under
    transparent pixels does not bleed into edges; with `overwrite` in the image itself instead of a copy. An image that
    has that size already is returned as it is.
    """
    if image.size == size:
        return image
    box = crop_box or image.size
    if cykooz_resizer is None:
        return image.resize(size, Image.Resampling.LANCZOS, (0, 0, *box))
    target = Image.new(image.mode, size, None)  # not filled: every pixel is written
    if image.mode == "RGBA" and overwrite:
        _alpha.multiply_alpha_pil_inplace(image)  # from here on it is of mode RGBa
        target = Image.new("RGBa", size, None)
    crop = cykooz_resizer.CropBox(0, 0, *box)
    _resizer().resize_pil(image, target, cykooz_resizer.ResizeOptions(_lanczos, crop_box=crop))
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
