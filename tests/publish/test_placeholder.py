"""ThumbHashes match the reference encoder, and the dominant colour is the most common one."""

from base64 import b64decode

import pytest
from PIL import Image

from resizer.publish.placeholder import placeholder_of
from tests.support.pictures import grey_like, noise, photo_like


def glass(width: int, height: int) -> Image.Image:
    """A picture with a varying alpha channel."""
    picture = photo_like(width, height)
    picture.putalpha(photo_like(width, height, seed=5).convert("L"))
    return picture


@pytest.mark.parametrize(
    ("picture", "expected"),
    [
        (photo_like(32, 21), "4PcBFYSjOnZ4nceTo+DZlWabkAUz"),
        (photo_like(20, 32, seed=2), "4QcGFAL6I4u6uph6WGYOl0KR8Q=="),
        (grey_like(32, 32), "IAgGBwCUWYSKjKeEtvOYVkioBAAAAAAA"),
        (photo_like(32, 2), "4PcBCYLgO3RlrnaIBY6YJHA="),
        (photo_like(2, 32), "4PcBEQRyZkiIj4ath5qQCEQ="),
        (noise(31, 17, seed=4), "4AcCDIJ3iLp1qGim6VDX9lLQpQ=="),
        (glass(32, 24), "4PeBDIIHlAt4noPjaLYKSUC0pryG1Jp8Dw=="),
        (glass(9, 30), "4PeBCgIHpGgv6FlVq4AGRGu6a0ityfY="),
    ],
)
def test_thumbhashes_match_the_reference_encoder(picture: Image.Image, expected: str) -> None:
    """Pictures of several shapes and modes have the hashes that the npm package thumbhash 0.1.1 gives."""
    assert placeholder_of(picture).thumbhash == expected


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA"])
@pytest.mark.parametrize("size", [(1, 1), (1, 32), (32, 1), (3, 2), (32, 24)])
def test_every_picture_has_a_thumbhash(mode: str, size: tuple[int, int]) -> None:
    """Even tiny and very narrow pictures of every mode have a ThumbHash of 5 to 25 bytes."""
    assert 5 < len(b64decode(placeholder_of(Image.new(mode, size)).thumbhash)) <= 25


def test_the_dominant_colour_is_the_most_common() -> None:
    """The dominant colour is the mean of the most common similar colours; transparent pixels do not count."""
    picture = Image.new("RGBA", (30, 30), (200, 40, 40, 255))
    picture.paste((100, 100, 230, 255), (0, 0, 30, 10))
    assert placeholder_of(picture).color == "#c82828"
    picture.paste((194, 36, 60, 255), (0, 10, 15, 30))
    assert placeholder_of(picture).color == "#c52632"
    picture.paste((0, 0, 0, 60), (0, 10, 30, 30))
    assert placeholder_of(picture).color == "#6464e6"
    assert placeholder_of(Image.new("RGBA", (3, 3))).color is None
