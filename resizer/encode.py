"""Pixels to the bytes of a file."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any, Final

from PIL import Image

from resizer.model import Format

if TYPE_CHECKING:
    from collections.abc import Sequence

    from resizer.model import Frame
    from resizer.settings import Quality

# Formats that can hold an animation; JPEG shows its first frame.
ANIMATED: Final = frozenset({Format.GIF, Format.WEBP, Format.PNG, Format.AVIF})
GIF_OPAQUE_FROM: Final = 128  # GIF knows only transparent and opaque


def encode(frames: Sequence[Frame], format_: Format, quality: Quality, exif: bytes, loop: int | None) -> bytes:
    """A picture, or an animation that shows each frame for its duration, as the bytes of a file.

    The file holds `exif` where the format can, and no other metadata.
    """
    pictures = _fitted(frames, format_)
    options = _options(format_, quality)
    if exif and format_ is not Format.GIF:
        options["exif"] = exif
    buffer = io.BytesIO()
    if len(pictures) > 1 and format_ in ANIMATED:
        options |= _animation(frames, pictures, format_, loop)
        pictures[0].save(buffer, format_, save_all=True, append_images=pictures[1:], **options)
    else:
        pictures[0].save(buffer, format_, **options)
    return buffer.getvalue()


def _options(format_: Format, quality: Quality) -> dict[str, Any]:
    """How each format is written; CPU and bytes of three renditions each of seven photos, at their qualities.

    JPEG: optimised Huffman tables take 33 ms more than fixed ones and save 3.7 % (40 kB); at $29 a million CPU
    seconds of Lambda and $0.09 a GB of transfer that pays from the first download in four. Progressive takes another
    88 ms for another 2.5 %: it pays only from the second download of every rendition on, doubles the cost of encoding,
    and made two of the seven photos larger.
    WebP: method 2 takes 340 ms, 0 takes 213 and writes 24 % more, 4 takes 828 and saves 3.5 %.
    AVIF: speed 9 takes 524 ms, 8 takes 1,837 and saves 5 %, 10 is no faster than 9.
    PNG: level 3 takes a third more CPU than 1 and saves 6 %; 6 takes three times as much and saves another 10 %.
    """
    match format_:
        case Format.JPEG:
            return {"quality": quality.jpeg, "optimize": True, "subsampling": "4:2:0"}
        case Format.WEBP:
            return {"quality": quality.webp, "method": 2}
        case Format.AVIF:
            return {"quality": quality.avif, "speed": 9, "max_threads": 1}
        case Format.PNG:
            return {"compress_level": 3}
        case Format.GIF:
            return {}


def _animation(
    frames: Sequence[Frame], pictures: Sequence[Image.Image], format_: Format, loop: int | None
) -> dict[str, Any]:
    options: dict[str, Any] = {"duration": [frame.duration or 0 for frame in frames]}
    if format_ is Format.GIF:
        # Frames that are not opaque must not show the one before through: each is cleared before the next.
        options |= {"disposal": 2 if pictures[0].mode == "RGBA" else 1, "optimize": False}
        return options if loop is None else {**options, "loop": loop}
    # The others repeat for ever unless told otherwise; a GIF that says nothing plays once.
    return {**options, "loop": 1 if loop is None else loop}


def _fitted(frames: Sequence[Frame], format_: Format) -> list[Image.Image]:
    """The pictures in a mode that the format can hold; all of them opaque or none."""
    pictures = [frame.pixels for frame in frames]
    if any(picture.mode != "RGBA" for picture in pictures):
        return pictures
    if all(picture.getextrema()[3][0] == 255 for picture in pictures):
        return [picture.convert("RGB") for picture in pictures]
    if format_ is Format.JPEG:
        return [_on_white(pictures[0])]
    return [_one_bit_alpha(picture) for picture in pictures] if format_ is Format.GIF else pictures


def _on_white(image: Image.Image) -> Image.Image:
    white = Image.new("RGB", image.size, "white")
    white.paste(image, mask=image.getchannel("A"))
    return white


def _one_bit_alpha(image: Image.Image) -> Image.Image:
    image = image.copy()
    image.putalpha(image.getchannel("A").point(lambda alpha: 255 if alpha >= GIF_OPAQUE_FROM else 0))
    return image
