"""The pixels of each contender's renditions before they are encoded, and how far they are from the truth.

The truth is a full decode, turned upright and narrowed to the same size by Pillow's Lanczos. Some contenders convert
colours to sRGB and some keep the picture's own, some turn it upright and some do not: each is held against the
truth in its own way of showing it.
"""

from __future__ import annotations

import io
import subprocess
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image, ImageCms, ImageOps

from bench.peers.serve import WIDTHS
from bench.peers.worker import HERE

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

PEAK = 255.0


def worst_psnr(contender: str, photo: Path) -> float:
    """The worst PSNR in dB over the three widths, alpha weighted; infinite where not one value differs."""
    return min(_psnr(picture, photo) for picture in PIXELS[contender](photo))


def _psnr(picture: Image.Image, photo: Path) -> float:
    ours = _weighted(picture)
    errors = [
        float(np.mean((_weighted(truth.resize(picture.size, Image.Resampling.LANCZOS)) - ours) ** 2))
        for truth in _truths(photo)
        if _same_shape(truth, picture)
    ]
    error = min(errors)
    return float(10 * np.log10(PEAK**2 / error)) if error else float("inf")


def _same_shape(truth: Image.Image, picture: Image.Image) -> bool:
    return abs(truth.height * picture.width / truth.width - picture.height) <= 1


@cache
def _truths(photo: Path) -> tuple[Image.Image, ...]:
    """Upright and as stored, in the picture's own colours and in sRGB."""
    _truths.cache_clear()
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


def _ours(photo: Path) -> list[Image.Image]:
    from bench.peers.ours import pixels  # noqa: PLC0415 # each contender needs its own library only

    return pixels(photo)


def _tutorial(photo: Path) -> list[Image.Image]:
    from bench.peers.tutorial import thumbnail  # noqa: PLC0415 # not every peer is installed

    return [thumbnail(photo, width) for width in WIDTHS]


def _imagemagick(photo: Path) -> list[Image.Image]:
    from bench.peers.imagemagick import convert  # noqa: PLC0415 # not every peer is installed

    return [Image.open(io.BytesIO(convert(photo, width, "png32:-"))) for width in WIDTHS]


def _vips(photo: Path) -> list[Image.Image]:
    from bench.peers.vips import cascade  # noqa: PLC0415 # not every peer is installed

    return [Image.fromarray(picture.numpy()) for picture in cascade(photo.read_bytes())]


def _opencv(photo: Path) -> list[Image.Image]:
    from bench.peers.opencv import cascade  # noqa: PLC0415 # not every peer is installed

    return [Image.fromarray(_rgb(pixels)) for pixels in cascade(photo.read_bytes())]


def _rgb(pixels: Any) -> Any:
    return np.ascontiguousarray(pixels[..., [2, 1, 0, 3][: pixels.shape[2]]])


def _sharp(variant: str) -> Callable[[Path], list[Image.Image]]:
    def pixels(photo: Path) -> list[Image.Image]:
        command = ["node", str(HERE / "sharp" / "pixels.mjs"), variant, str(photo)]
        raw = subprocess.run(command, check=True, capture_output=True).stdout
        pictures = []
        while raw:
            width, height = (int(each) for each in np.frombuffer(raw[:8], np.uint32))
            end = 8 + width * height * 4
            pictures.append(Image.frombytes("RGBA", (width, height), raw[8:end]))
            raw = raw[end:]
        return pictures

    return pixels


PIXELS: dict[str, Callable[[Path], list[Image.Image]]] = {
    "ours": _ours,
    "tutorial": _tutorial,
    "imagemagick": _imagemagick,
    "sharp-three": _sharp("three"),
    "sharp-best": _sharp("best"),
    "vips": _vips,
    "opencv": _opencv,
}
