"""The quality of each contender's pixels before they are encoded, as PSNR.

The reference is a full decode, turned upright and resized by Pillow's Lanczos. Some contenders convert colours to sRGB
and some do not, and some ignore the orientation: each is compared with the reference that is like its own pixels.
"""

import io
import subprocess
from functools import cache
from importlib import import_module
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms, ImageOps

from bench.peers.worker import PEERS

PEAK = 255.0


def worst_psnr(contender: str, photo: Path) -> float:
    """The lowest PSNR in dB of the three widths, weighted by alpha; infinite if all pixels are equal."""
    return min(_psnr(picture, photo) for picture in _pixels(contender, photo))


def _psnr(picture: Image.Image, photo: Path) -> float:
    pixels = _weighted(picture)
    errors = [
        float(np.mean((_weighted(reference.resize(picture.size, Image.Resampling.LANCZOS)) - pixels) ** 2))
        for reference in _references(photo)
        if _same_shape(reference, picture)
    ]
    error = min(errors)
    return float(10 * np.log10(PEAK**2 / error)) if error else float("inf")


def _same_shape(reference: Image.Image, picture: Image.Image) -> bool:
    return abs(reference.height * picture.width / reference.width - picture.height) <= 1


@cache
def _references(photo: Path) -> tuple[Image.Image, ...]:
    """Upright and as stored, in the picture's own colour space and in sRGB."""
    _references.cache_clear()
    stored = Image.open(photo)
    upright = ImageOps.exif_transpose(stored)
    profile = stored.info.get("icc_profile")
    if not profile:
        return upright, stored
    own, srgb = ImageCms.ImageCmsProfile(io.BytesIO(profile)), ImageCms.createProfile("sRGB")
    return upright, stored, *(ImageCms.profileToProfile(upright, own, srgb, intent) for intent in (0, 1))  # type: ignore[arg-type]


def _weighted(picture: Image.Image) -> NDArray[np.float64]:
    values = np.asarray(picture.convert("RGBA"), np.float64)
    weighted: NDArray[np.float64] = values[..., :3] * values[..., 3:] / PEAK
    return weighted


def _pixels(contender: str, photo: Path) -> list[Image.Image]:
    """The renditions before they are encoded, widest first."""
    if contender.startswith("sharp-"):
        return _pixels_of_sharp(contender.removeprefix("sharp-"), photo)
    pixels: list[Image.Image] = import_module(f"bench.peers.{contender}").pixels(photo)
    return pixels


def _pixels_of_sharp(variant: str, photo: Path) -> list[Image.Image]:
    command = ["node", str(PEERS / "sharp" / "pixels.mjs"), variant, str(photo)]
    raw = subprocess.run(command, check=True, capture_output=True).stdout
    pictures = []
    while raw:
        width, height = (int(each) for each in np.frombuffer(raw[:8], np.uint32))
        end = 8 + width * height * 4
        pictures.append(Image.frombytes("RGBA", (width, height), raw[8:end]))
        raw = raw[end:]
    return pictures
