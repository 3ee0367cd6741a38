"""Converts grey samples of more than 8 bits to 8 bits; Pillow's own conversion clips them."""

import math
from typing import Final, cast

from PIL import Image, ImageChops

LARGEST: Final = 3.4028234663852886e38  # the largest finite 32-bit float


def deep_grey(image: Image.Image, *, surplus: int = 8, unsigned: bool = True) -> Image.Image:
    """Convert an I;16, I or F image to L; of 16-bit samples the `surplus` low bits are dropped.

    Floats from 0 to 1, and 32-bit samples from 0 to 65,535, keep that range; any others are scaled from their lowest
    to their highest value (middle grey if these are equal). `unsigned` 32-bit samples beyond the signed range keep
    their whole range. Infinite floats become white, other non-finite floats black.
    """
    if image.mode.startswith("I;16"):
        return image.convert("I").point([min(sample >> surplus, 255) for sample in range(65_536)], "L")
    low, high = _bounds(image)
    if image.mode == "I" and unsigned and low < 0:  # Pillow reads them as signed
        return Image.frombytes("L", image.size, image.tobytes()[3::4])  # the highest bytes: Lambda is little-endian
    most = 1 if image.mode == "F" else 65_535
    if low >= 0 and high <= most:
        low, high = 0, most
    if low == high:
        return Image.new("L", image.size, 128)
    scale = 255 / (high - low)
    offset = (0.5 if image.mode == "F" else 0) - low * scale
    return image.point(lambda value: value * scale + offset).convert("L")


def _bounds(image: Image.Image) -> tuple[float, float]:
    """The lowest and the highest finite value; 0 and 1 if there are none."""
    low, high = cast("tuple[float, float]", image.getextrema())
    if math.isfinite(low) and math.isfinite(high):
        return low, high
    no_number = ImageChops.invert(image.point(lambda value: value * 0 + 255).convert("L"))  # NaN becomes 0
    finite = image.copy()
    finite.paste(LARGEST, mask=no_number)
    low = cast("float", finite.getextrema()[0])
    finite.paste(-LARGEST, mask=no_number)
    high = cast("float", finite.getextrema()[1])
    return (low, high) if low <= high else (0, 1)
