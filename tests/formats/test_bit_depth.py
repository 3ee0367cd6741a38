"""Grey of more than 8 bits keeps its brightness, whatever the type of its samples, even with NaN among them."""

import io
import struct
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from resizer.decode.frames import decode
from resizer.decode.header import Limits, open_image
from resizer.formats import bit_depth
from tests.support.plans import of_widths

UNSIGNED, SIGNED, FLOAT = 1, 2, 3  # TIFF 6.0, section 19
LIMITS = Limits(max_pixels=1_000_000, memory=None, planned=of_widths(1000), file_size=0)


def tiff(rows: NDArray[Any], kind: int, *, white_is_zero: bool = False, bits: int | None = None) -> bytes:
    """A TIFF of one grey channel. `bits` is the number of bits a sample in packed rows."""
    height, width = rows.shape
    width = width * 8 // bits if bits else width
    bits = bits or rows.itemsize * 8
    known = {256: width, 257: height, 258: bits, 259: 1, 262: 1 - white_is_zero, 273: 134, 277: 1, 278: height}
    known |= {279: rows.nbytes, 339: kind}
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in sorted(known.items()))
    head = struct.pack("<2sHIH", b"II", 42, 8, len(known)) + entries
    return head.ljust(134, b"\0") + rows.tobytes()


def greys(data: bytes) -> list[int]:
    """The decoded pixels, which must be grey."""
    pixels = next(decode(*open_image(io.BytesIO(data), LIMITS), (1000, 1))).pixels
    assert pixels.mode == "L"
    return list(pixels.tobytes())


def row(*values: float, dtype: str = "<f4") -> NDArray[Any]:
    return np.array([values], dtype)


@pytest.mark.parametrize(
    ("rows", "kind", "light"),
    [
        (row(0, 32_768, 65_535, dtype="<u2"), UNSIGNED, [0, 128, 255]),
        (row(0, 0.5, 1), FLOAT, [0, 128, 255]),
        (row(100, 150, 200), FLOAT, [0, 128, 255]),
        (row(-10, 0, 10), FLOAT, [0, 128, 255]),
        (row(0, 32_768, 65_535, dtype="<i4"), SIGNED, [0, 127, 255]),
        (row(-1_000_000, 0, 1_000_000, dtype="<i4"), SIGNED, [0, 127, 255]),
        (row(0, 0x8000_0000, 0xFFFF_FFFF, dtype="<u4"), UNSIGNED, [0, 128, 255]),
        (row(0, 50_000, 100_000, dtype="<u4"), UNSIGNED, [0, 127, 255]),
    ],
)
def test_samples_are_scaled_over_their_range(rows: NDArray[Any], kind: int, light: list[int]) -> None:
    """Samples are scaled over the range of their type, or over the picture's own range if the type has none."""
    assert greys(tiff(rows, kind)) == light


def test_twelve_bits_are_scaled_too() -> None:
    """12-bit samples, two in three bytes, are scaled from black to white."""
    assert greys(tiff(np.array([[0x00, 0x08, 0x00, 0xFF, 0xFF, 0xFF]], "u1"), UNSIGNED, bits=12)) == [0, 128, 255, 255]


@pytest.mark.parametrize(
    ("rows", "kind"), [(row(0, 65_535, dtype="<u2"), UNSIGNED), (row(0, 1), FLOAT), (row(-7, 7), FLOAT)]
)
def test_zero_is_white_if_the_file_says_so(rows: NDArray[Any], kind: int) -> None:
    """A picture that stores white as zero does not become a negative, whatever its bit depth."""
    assert greys(tiff(rows, kind, white_is_zero=True)) == [255, 0]
    assert greys(tiff(rows, kind)) == [0, 255]


@pytest.mark.parametrize("places", [(0, 1, 2), (5, 6, 7), (0, 3, 7)])
@pytest.mark.parametrize("scale", [1, 1000])
def test_nan_and_infinity_change_no_other_pixel(places: tuple[int, ...], scale: float) -> None:
    """Infinity becomes white, NaN and minus infinity black, and every other pixel is as without them."""
    values = [0.0, 0.25, 0.5, 1.0, 0.0, 0.75, 0.5, 1.0, 0.0, 1.0]
    plain = greys(tiff(row(*values) * scale, FLOAT))
    for place, odd in zip(places, (np.nan, np.inf, -np.inf), strict=True):
        values[place] = odd
    found = greys(tiff(row(*values) * scale, FLOAT))
    assert [found[place] for place in places] == [0, 255, 0]
    assert [grey for at, grey in enumerate(found) if at not in places] == [
        grey for at, grey in enumerate(plain) if at not in places
    ]


@pytest.mark.parametrize(
    ("rows", "light"), [(row(300, 300), 128), (row(-5, -5), 128), (row(0.25, 0.25), 64), (row(np.nan, np.nan), 0)]
)
def test_a_picture_of_one_value_is_decoded(rows: NDArray[Any], light: int) -> None:
    """A single value outside 0 to 1 becomes middle grey, one within keeps its brightness, and NaN becomes black."""
    assert greys(tiff(rows, FLOAT)) == [light, light]


def test_an_image_without_tags_is_scaled_too() -> None:
    """An image that is not a TIFF has no tags, and is scaled over its whole range."""
    image = Image.fromarray(row(0, 65_535, dtype="<u2"))
    assert bit_depth.deep_grey(image).tobytes() == b"\x00\xff"
