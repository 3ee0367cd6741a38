"""Writes a PNG: with a palette where that looks the same, and deflated in the way that is smaller."""

from __future__ import annotations

import io
import math
from itertools import chain
from typing import TYPE_CHECKING, Final

from PIL import Image, ImageChops, ImageStat

from resizer.formats.apng_save import save_apng

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from resizer.formats.base import SaveOptions

COLOURS: Final = 256
SAME: Final = 40.0  # at this PSNR in decibels the two look identical
Z_DEFAULT_STRATEGY, Z_RLE = 0, 3  # zlib.h
LEVELS: Final = {"fast": 1, "balanced": 3, "small": 6}
STRIPS: Final = 4  # of the sample, from top to bottom
STRIP_ROWS: Final = 6


def save_png(pictures: Iterator[Image.Image], options: SaveOptions) -> bytes:
    """Write one picture, or the frames of an animation, as the bytes of a file."""
    first = next(pictures)
    if options.animated:
        return save_apng(chain([first], pictures), options, deflate_options(first, options.effort))
    if options.few_colours and first.mode in {"RGB", "RGBA"}:
        first = with_palette(first)
    ways = candidates(options.effort) if options.effort == "small" else [deflate_options(first, options.effort)]
    return min((_saved(first, way, options.exif) for way in ways), key=len)


def _saved(image: Image.Image, way: Mapping[str, int], exif: bytes = b"") -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "PNG", **way, **({"exif": exif} if exif else {}))
    return buffer.getvalue()


def has_few_colours(image: Image.Image) -> bool:
    """Whether a picture in colour has no more of them than a palette holds; of a photo a few rows tell."""
    in_colour = image.mode in {"LA", "RGB", "RGBA"}
    return image.mode == "P" or (in_colour and image.getcolors(COLOURS) is not None)


def with_palette(image: Image.Image) -> Image.Image:
    """An RGB or RGBA image with a palette of at most 256 colours; itself where that would look different.

    They are found by an octree, which knows transparency; a median cut takes eight times as long and three times the
    memory, for photos of few colours only. PNGs become a quarter to a half as large as with all colours.
    """
    reduced = image.quantize(COLOURS, Image.Quantize.FASTOCTREE)
    return reduced if _psnr(reduced.convert(image.mode), image) >= SAME else image


def _psnr(one: Image.Image, other: Image.Image) -> float:
    """Peak signal-to-noise ratio in decibels; colours count as much as they are opaque."""
    if one.mode == "RGBA":
        one, other = one.convert("RGBa"), other.convert("RGBa")
    squares = ImageStat.Stat(ImageChops.difference(one, other)).sum2
    mean = sum(squares) / (len(squares) * one.width * one.height)
    return 10 * math.log10(255**2 / mean) if mean else math.inf


def candidates(effort: str) -> list[dict[str, int]]:
    """Pillow's options for both ways, by runs and by matches."""
    return [{"compress_level": LEVELS[effort], "compress_type": kind} for kind in (Z_RLE, Z_DEFAULT_STRATEGY)]


def deflate_options(image: Image.Image, effort: str) -> Mapping[str, int]:
    """What to save a PNG with: by runs where these are smaller, as for photos and gradients, or by matches.

    Runs take 60 % of the CPU and save 10 to 60 % on the former; they double text and patterns. The sample is right but
    where the two are within a few percent. Level 3 takes a third more CPU than 1 and saves 6 %; 6 takes three times as
    much and saves another 10 %; 9 takes four times as long as 6, and saves 2 %. Filters alone are half of the time, so
    that Huffman codes without either save little.
    """
    sample = _sample(image)
    return min(candidates(effort), key=lambda way: len(_saved(sample, way)))


def _sample(image: Image.Image) -> Image.Image:
    """Strips over the whole height, one below the other; the image itself where it is no higher than these."""
    if image.height <= STRIPS * STRIP_ROWS:
        return image
    sample = Image.new(image.mode, (image.width, STRIPS * STRIP_ROWS), None)
    for number in range(STRIPS):
        top = (2 * number + 1) * image.height // (2 * STRIPS) - STRIP_ROWS // 2
        sample.paste(image.crop((0, top, image.width, top + STRIP_ROWS)), (0, number * STRIP_ROWS))
    return sample
