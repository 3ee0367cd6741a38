"""Scales pictures with Lanczos: cykooz-resizer (SIMD) if its wheel is installed, else Pillow."""

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
MULTIPLIES_IN_PLACE: Final = BACKEND != "pillow"  # colours are multiplied by alpha in the image itself
HALF: Final = 0.5  # pixels; a picture whose size is closer to the wanted one is not resized


def resize(image: Image.Image, size: Size, *, box: Box | None = None, overwrite: bool = False) -> Image.Image:
    """Scale an L, RGB, RGBA or CMYK image to `size` (width, height in pixels) with Lanczos3.

    Only the part within `box` is used (None: all); without it, padding from a decoder that rounds up would shift and
    stretch the picture by up to 15 dB. Colours are multiplied by their alpha first, so that hidden colours of
    transparent pixels do not bleed into edges. With `overwrite` that happens in the image itself; then only this
    function can use it. An image that has the size already is returned unchanged.
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
        _alpha.multiply_alpha_pil_inplace(image)  # its mode is RGBa from here on
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
    """This thread's resampler, which keeps buffers between calls."""
    if not hasattr(_local, "resizer"):
        _local.resizer = cykooz_resizer.Resizer()
    resizer: Resizer = _local.resizer
    return resizer


def release_buffers() -> None:
    """Free the buffers of this thread's resampler; they have grown with the largest picture so far."""
    vars(_local).pop("resizer", None)
