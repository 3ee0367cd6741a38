"""Formats whose module is not written yet, written as before."""

from __future__ import annotations

import io
from fractions import Fraction
from typing import TYPE_CHECKING, Any, ClassVar, Final

from PIL import Image

from resizer.formats.base import EncoderMemory, RenditionFormat, SaveOptions
from resizer.formats.deflate import deflate_options
from resizer.formats.palette import with_palette
from resizer.model import Format

if TYPE_CHECKING:
    from collections.abc import Iterator

MB: Final = 1_048_576
MOST_PLAYS: Final = 65_535  # in 16 bits, as GIF and WebP count them
LARGEST_FRACTION: Final = 65_535  # the numerator and the denominator of a PNG's delay
GIF_OPAQUE_FROM: Final = 128  # GIF knows only transparent and opaque


def _saved(image: Image.Image, format_: Format, options: dict[str, Any]) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, format_, **options)
    return buffer.getvalue()


def _animation(pictures: Iterator[Image.Image], options: SaveOptions) -> dict[str, Any]:
    if not options.animated:
        return {}
    plays = 1 if options.plays is None else options.plays
    return {"save_all": True, "append_images": pictures, "loop": min(plays, MOST_PLAYS)}


class JpegOut(RenditionFormat):
    """As before."""

    format: ClassVar[Format] = Format.JPEG
    extensions: ClassVar[tuple[str, ...]] = (".jpg", ".jpeg", ".jpe", ".jfif")
    max_side: ClassVar[int] = 65_500
    memory: ClassVar[EncoderMemory] = EncoderMemory(0, 3.8, 7.9, 0, 1.5, 1.5)

    def fit(self, image: Image.Image, *, opaque: bool) -> Image.Image:
        if image.mode != "RGBA" or opaque:
            return super().fit(image, opaque=opaque)
        white = Image.new("RGB", image.size, "white")
        white.paste(image, mask=image.getchannel("A"))
        return white

    def save(self, pictures: Iterator[Image.Image], options: SaveOptions) -> bytes:
        picture = next(pictures)
        subsampling = "4:4:4" if picture.mode == "L" else "4:2:0"
        how = {"quality": options.quality, "subsampling": subsampling, "optimize": True, "exif": options.exif}
        return _saved(picture, self.format, how)


class PngOut(RenditionFormat):
    """As before."""

    format: ClassVar[Format] = Format.PNG
    extensions: ClassVar[tuple[str, ...]] = (".png",)
    max_side: ClassVar[int] = 2**31 - 1
    memory: ClassVar[EncoderMemory] = EncoderMemory(1 * MB, 6.3, 9.3, 8.5, 3.1, 4.1)

    def save(self, pictures: Iterator[Image.Image], options: SaveOptions) -> bytes:
        first = next(pictures)
        how = _animation(pictures, options)
        if how:
            how |= {"append_images": list(pictures), "duration": [_delay(each) for each in options.durations]}
        if options.few_colours and first.mode in {"RGB", "RGBA"}:
            first = with_palette(first)
        exif = {"exif": options.exif} if options.exif else {}
        return _saved(first, self.format, {**how, **exif, **deflate_options(first)})


def _delay(duration: float) -> float:
    duration = min(duration, 65_535_000)
    if Fraction(duration / 1000).limit_denominator(LARGEST_FRACTION).numerator > LARGEST_FRACTION:
        return round(duration, -3)
    return duration


class GifOut(RenditionFormat):
    """As before."""

    format: ClassVar[Format] = Format.GIF
    extensions: ClassVar[tuple[str, ...]] = (".gif",)
    max_side: ClassVar[int] = 65_535
    # the palette's colours are found among all that there are
    memory: ClassVar[EncoderMemory] = EncoderMemory(16 * MB, 35, 39, 2.3, 1.4, 1.4)

    def fit(self, image: Image.Image, *, opaque: bool) -> Image.Image:
        if image.mode != "RGBA" or opaque:
            return super().fit(image, opaque=opaque)
        image = image.copy()
        image.putalpha(image.getchannel("A").point(lambda alpha: 255 if alpha >= GIF_OPAQUE_FROM else 0))
        return image

    def save(self, pictures: Iterator[Image.Image], options: SaveOptions) -> bytes:
        first = next(pictures)
        how = _animation(pictures, options)
        if how:
            del how["loop"]
            plays = 1 if options.plays is None else options.plays
            if plays != 1:  # a GIF counts how often it plays again
                how["loop"] = min(max(plays - 1, 0), MOST_PLAYS)
            how["duration"] = [min(each, 655_350) for each in options.durations]
            how |= {"disposal": 1 if options.opaque else 2, "optimize": False}
        return _saved(first, self.format, how)


class WebpOut(RenditionFormat):
    """As before."""

    format: ClassVar[Format] = Format.WEBP
    extensions: ClassVar[tuple[str, ...]] = (".webp",)
    max_side: ClassVar[int] = 16_383
    memory: ClassVar[EncoderMemory] = EncoderMemory(0, 13.3, 36, 5.1, 2.8, 3.8)

    def save(self, pictures: Iterator[Image.Image], options: SaveOptions) -> bytes:
        first = next(pictures)
        how = _animation(pictures, options) | {"quality": options.quality, "method": 2}
        if options.animated:  # its encoder rounds where frames begin, so that one may become a millisecond longer
            how["duration"] = [min(each, (1 << 24) - 2) for each in options.durations]
        return _saved(first, self.format, {**how, "exif": options.exif} if options.exif else how)
