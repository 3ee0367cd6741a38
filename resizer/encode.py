"""Pixels to the bytes of a file."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from PIL import Image

from resizer.model import Format

if TYPE_CHECKING:
    from resizer.settings import Quality


def encode(image: Image.Image, format_: Format, quality: Quality) -> bytes:
    """A picture as the bytes of a file, without any metadata of the source."""
    buffer = io.BytesIO()
    if format_ is Format.JPEG and image.mode == "RGBA":
        image = _on_white(image)
    image.info = {}
    image.save(buffer, format_, **_options(format_, quality))
    return buffer.getvalue()


def _options(format_: Format, quality: Quality) -> dict[str, Any]:
    match format_:
        case Format.JPEG:
            return {"quality": quality.jpeg, "optimize": True, "subsampling": "4:2:0"}
        case Format.WEBP:
            return {"quality": quality.webp, "method": 2}
        case Format.AVIF:
            return {"quality": quality.avif, "speed": 8}
        case Format.PNG:
            return {"compress_level": 3}
        case Format.GIF:
            return {}


def _on_white(image: Image.Image) -> Image.Image:
    white = Image.new("RGB", image.size, "white")
    white.paste(image, mask=image.getchannel("A"))
    return white
