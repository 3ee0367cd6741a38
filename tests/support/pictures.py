"""Draws images, and saves, opens and compares them."""

import io
import random
from typing import Any

import numpy as np
import pillow_heif
from PIL import Image, ImageFilter

from resizer.model import Header


def fast() -> dict[str, str]:
    """Options for x265, whose default takes five times as long. A new dict each time: pillow-heif changes it."""
    return {"preset": "ultrafast"}


def photo_like(width: int, height: int, seed: int = 1) -> Image.Image:
    """An RGB picture with smooth colours, edges and a little grain, like a photo."""
    noise = random.Random(seed)
    coarse = Image.frombytes("RGB", (16, 12), noise.randbytes(16 * 12 * 3))
    picture = coarse.resize((width, height), Image.Resampling.BICUBIC)
    grain = Image.frombytes("RGB", (64, 64), noise.randbytes(64 * 64 * 3)).filter(ImageFilter.GaussianBlur(1))
    return Image.blend(picture, grain.resize((width, height)), 0.1)


def grey_like(width: int, height: int) -> Image.Image:
    """A picture like a grey photo."""
    return photo_like(width, height).convert("L")


def translucent(width: int, height: int) -> Image.Image:
    """A picture like a photo, transparent at the top and opaque at the bottom."""
    picture = photo_like(width, height)
    picture.putalpha(Image.linear_gradient("L").resize((width, height)))
    return picture


def noise(width: int, height: int, seed: int = 1) -> Image.Image:
    """An RGB picture of pure noise, which no format compresses well."""
    return Image.frombytes("RGB", (width, height), random.Random(seed).randbytes(width * height * 3))


def saved(image: Image.Image, format_: str = "JPEG", **options: object) -> bytes:
    """An image as the bytes of a file."""
    buffer = io.BytesIO()
    image.save(buffer, format_, **options)
    return buffer.getvalue()


def heic(image: Image.Image, *further: Image.Image, primary: int = 0, **options: object) -> bytes:
    """Images as the bytes of a HEIC; `primary` says which one is the picture.

    Pillow does not learn the format here, because registering it is the resizer's task.
    """
    pictures = [pillow_heif.from_bytes(each.mode, each.size, each.tobytes()) for each in (image, *further)]
    buffer = io.BytesIO()
    pictures[0].save(
        buffer, append_images=[each[0] for each in pictures[1:]], primary_index=primary, enc_params=fast(), **options
    )
    return buffer.getvalue()


def opened(data: bytes) -> Image.Image:
    """The bytes of a file as a loaded image."""
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


def psnr(one: Image.Image, other: Image.Image) -> float:
    """How similar two pictures of one size and mode are, in dB: 10 log10(255² / mean squared error)."""
    assert (one.size, one.mode) == (other.size, other.mode)
    error = np.mean((np.asarray(one, dtype=float) - np.asarray(other, dtype=float)) ** 2)
    return float("inf") if error == 0 else float(10 * np.log10(255**2 / error))


def header(width: int, height: int, **known: Any) -> Header:
    """The header of an ordinary JPEG photo; `known` replaces its fields."""
    ordinary = {"format": "JPEG", "mode": "RGB", "frames": 1, "orientation": 1, "has_transparency": False}
    return Header(width=width, height=height, **{**ordinary, **known})
