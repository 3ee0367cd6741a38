"""Scales pictures with Lanczos: cykooz-resizer (SIMD) if its wheel is installed, else Pillow."""

import math
from typing import Final

from PIL import Image

from resizer.planning.geometry import Box, Size

try:
    import cykooz_resizer
    from cykooz_resizer.alpha import AlphaMulDiv
except ImportError:  # there are wheels for x86_64 Linux only
    cykooz_resizer = None

BACKEND: Final = "cykooz-resizer" if cykooz_resizer else "pillow"
MULTIPLIES_IN_PLACE: Final = BACKEND != "pillow"  # colours are multiplied by alpha in the image itself
LOBES: Final = 3  # Lanczos3 reads as many pixels on each side, counted in those of the smaller picture
HALF: Final = 0.5  # pixels; a picture whose size is closer to the wanted one is not resized


def resize(
    image: Image.Image, size: Size, *, box: Box | None = None, overwrite: bool = False, close: bool = False
) -> Image.Image:
    """Scale an L, RGB, RGBA or CMYK image to `size` (width, height in pixels) with Lanczos3.

    Only the part within `box` is used (None: all); without it, padding from a decoder that rounds up would shift and
    stretch the picture by up to 15 dB. Colours are multiplied by their alpha first, so that hidden colours of
    transparent pixels do not bleed into edges. With `overwrite` that happens in the image itself; then only this
    function can use it. With `close` the image may be closed, so that its memory is free before the result needs any.
    An image that has the size already is returned unchanged.
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
    if image.mode == "RGBA":
        return _scaled(image, size, (left, top, right, bottom))  # multiplies a copy
    # Down, then across: the resampler would do both at once, with the image and the result in memory.
    reach = LOBES * max(1, (right - left) / size[0])
    first, last = max(0, math.floor(left - reach)), min(image.width, math.ceil(right + reach))
    columns = _scaled(image, (last - first, size[1]), (first, top, last, bottom))
    if close:
        Image.Image.close(image)
    target = _scaled(columns, size, (left - first, 0, right - first, size[1]))
    if target.mode == "RGBa":
        _alpha.divide_alpha_pil_inplace(target)
    return target


_alpha = cykooz_resizer and AlphaMulDiv()
_lanczos = cykooz_resizer and cykooz_resizer.ResizeAlg.convolution(cykooz_resizer.FilterType.lanczos3)


def _scaled(image: Image.Image, size: Size, box: Box) -> Image.Image:
    left, top, right, bottom = box
    target = Image.new(image.mode, size, None)  # not filled: every pixel is written
    crop = cykooz_resizer.CropBox(left, top, right - left, bottom - top)
    cykooz_resizer.Resizer().resize_pil(image, target, cykooz_resizer.ResizeOptions(_lanczos, crop_box=crop))
    return target
