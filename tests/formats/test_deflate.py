"""A PNG is deflated in the way that is smaller for the picture."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from resizer.formats.deflate import CANDIDATES, _sample, deflate_options
from tests.support.pictures import photo_like


def pattern(width: int, height: int) -> Image.Image:
    """What repeats itself, as text does, and has hardly a run."""
    tile = Image.effect_noise((40, 40), 200)
    picture = Image.new("L", (width, height))
    for x in range(0, width, 40):
        for y in range(0, height, 40):
            picture.paste(tile, (x, y))
    return picture


def white_but_for(picture: Image.Image, width: int, height: int) -> Image.Image:
    """A picture in the midst of nothing, as shops show their products."""
    whole = Image.new(picture.mode, (width, height), "white")
    whole.paste(picture, ((width - picture.width) // 2, (height - picture.height) // 2))
    return whole


PICTURES = {
    "photo": photo_like(480, 360),
    "transparent": photo_like(480, 360).convert("RGBA"),
    "gradient": Image.linear_gradient("L").resize((480, 360)),
    "pattern": pattern(480, 360),
    "product": white_but_for(photo_like(200, 100), 480, 360),
    "low": pattern(480, 20),
    "one row": photo_like(480, 1),
}


@pytest.mark.parametrize("name", PICTURES)
def test_the_smaller_way_is_taken(name: str) -> None:
    """A sample tells which way makes the whole picture smaller."""
    picture = PICTURES[name]
    sizes = []
    for options in CANDIDATES:
        buffer = io.BytesIO()
        picture.save(buffer, "PNG", **options)
        sizes.append(buffer.tell())
    assert sizes[CANDIDATES.index(deflate_options(picture))] == min(sizes)


def test_there_is_a_choice() -> None:
    """Photos and patterns are deflated in different ways."""
    assert deflate_options(PICTURES["photo"]) != deflate_options(PICTURES["pattern"])


@pytest.mark.parametrize("height", range(1, 60))
def test_the_sample_lies_within_the_picture(height: int) -> None:
    """No row of the sample is from beyond a picture, whatever its height: a white one would have black rows."""
    white = Image.new("L", (100, height), 255)
    sample = _sample(white)
    assert sample.getextrema() == (255, 255)
    assert sample.height <= height
