"""Pictures from larger ones, by Lanczos: SIMD where its wheel is installed, Pillow's own elsewhere."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final

from PIL import Image

if TYPE_CHECKING:
    from cykooz_resizer import Resizer

    from resizer.planning.geometry import Box, Size

try:
    import cykooz_resizer
    from cykooz_resizer.alpha import AlphaMulDiv
except ImportError:  # there are wheels for x86_64 Linux only
    cykooz_resizer = None

BACKEND: Final = "cykooz-resizer" if cykooz_resizer else "pillow"
MULTIPLIES_IN_PLACE: Final = BACKEND != "pillow"  # colours by their transparency
HALF: Final = 0.5  # a pixel: what is no further from the size that it should have is not resized


def resize(image: Image.Image, size: Size, *, box: Box | None = None, overwrite: bool = False) -> Image.Image:
    """An L, RGB, RGBA or CMYK image at `size` (width, height in pixels), by Lanczos with a support of 3.

    It shows what is within `box` (None: all). Where a decoder has rounded up, what it added would shift and stretch
    the picture, for up to 15 dB. Colours are weighted by their alpha, so that what lies under transparent pixels does
    not bleed into edges; with `overwrite` in the image itself instead of a copy, which leaves it fit for no more than
    further calls. An image that has that size already is returned as it is, and a part of it is copied.
    """
    left, top, right, bottom = box or (0, 0, *image.size)
    if abs(right - left - size[0]) < HALF and abs(bottom - top - size[1]) < HALF:
        if image.size == size:
            return image
        left, top = min(round(left), image.width - size[0]), min(round(top), image.height - size[1])
        return image.crop((left, top, left + size[0], top + size[1]))
    left, top, right, bottom = max(0, left), max(0, top), min(right, image.width), min(bottom, image.height)
    if cykooz_resizer is None:
        return image.resize(size, Image.Resampling.LANCZOS, (left, top, right, bottom))
    if image.mode == "RGBA" and overwrite:
        _alpha.multiply_alpha_pil_inplace(image)  # from here on it is of mode RGBa
    target = Image.new(image.mode, size, None)  # not filled: every pixel is written
    crop = cykooz_resizer.CropBox(left, top, right - left, bottom - top)
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
