"""Formats whose module is not written yet, written as before."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any, ClassVar, Final

from PIL import Image

from resizer.formats.avif_plays import with_plays
from resizer.formats.base import EncoderMemory, RenditionFormat, SaveOptions
from resizer.model import Format

if TYPE_CHECKING:
    from collections.abc import Iterator

MB: Final = 1_048_576
MOST_PLAYS: Final = 65_535  # in 16 bits, as GIF and WebP count them


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


class AvifOut(RenditionFormat):
    """As before."""

    format: ClassVar[Format] = Format.AVIF
    extensions: ClassVar[tuple[str, ...]] = (".avif",)
    max_side: ClassVar[int] = 65_536
    memory: ClassVar[EncoderMemory] = EncoderMemory(2 * MB, 29, 34, 4, 2.2, 3.2)

    def save(self, pictures: Iterator[Image.Image], options: SaveOptions) -> bytes:
        first = next(pictures)
        how = _animation(pictures, options) | {"quality": options.quality, "speed": 9, "max_threads": 1}
        if options.exif:
            how["exif"] = options.exif
        if not options.animated:
            return _saved(first, self.format, how)
        how["duration"] = [round(each) for each in options.durations]
        return with_plays(_saved(first, self.format, how), how["loop"])
