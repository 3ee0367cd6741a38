"""A PNG is deflated in the way that is smaller, and has a palette where that looks the same."""

from __future__ import annotations

import io
import random

import pytest
from PIL import Image, ImageDraw

from resizer.formats.base import SaveOptions
from resizer.formats.png import PngSource
from resizer.formats.png_save import (
    LEVELS,
    STRATEGIES,
    PngRendition,
    _sample,
    deflate_options,
    has_few_colours,
    with_palette,
)
from tests.formats.reading import read as read_by
from tests.support.pictures import opened, photo_like, psnr, saved


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
    for strategy in STRATEGIES:
        buffer = io.BytesIO()
        picture.save(buffer, "PNG", compress_level=LEVELS["balanced"], compress_type=strategy)
        sizes.append(buffer.tell())
    chosen = deflate_options(picture, "balanced")["compress_type"]
    assert sizes[STRATEGIES.index(chosen)] == min(sizes)


def test_there_is_a_choice() -> None:
    """Photos and patterns are deflated in different ways."""
    assert deflate_options(PICTURES["photo"], "balanced") != deflate_options(PICTURES["pattern"], "balanced")


def test_the_sample_lies_within_the_picture() -> None:
    """No row of the sample is from beyond a picture, whatever its height: a white one would have black rows."""
    for height in range(1, 60):
        sample = _sample(Image.new("L", (100, height), 255))
        assert sample.getextrema() == (255, 255)
        assert sample.height <= height


def drawing(mode: str) -> Image.Image:
    """Discs in 20 colours with soft edges, on nothing where the mode knows transparency."""
    draws = random.Random(1)
    large = Image.new(mode, (1200, 800), (255, 255, 255, 0)[: len(mode)])
    pen = ImageDraw.Draw(large)
    for _ in range(20):
        x, y, across = draws.randint(0, 1000), draws.randint(0, 600), draws.randint(60, 200)
        colour = tuple(draws.randint(0, 255) for _ in range(3))
        pen.ellipse((x, y, x + across, y + across), fill=(*colour, 255)[: len(mode)])
    return large.resize((600, 400), Image.Resampling.LANCZOS)


def rainbow() -> Image.Image:
    """More colours, evenly spread, than any palette holds."""
    noise = [Image.effect_noise((200, 200), 120) for _ in range(3)]
    return Image.merge("RGB", noise)


def png(picture: Image.Image, *, few_colours: bool) -> bytes:
    opaque = picture.mode != "RGBA" or picture.getchannel("A").getextrema() == (255, 255)
    rendition = PngRendition()
    return rendition.save(
        iter([rendition.fit(picture, opaque=opaque)]), SaveOptions(opaque=opaque, few_colours=few_colours)
    )


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_a_drawing_keeps_its_palette(mode: str) -> None:
    """A drawing of few colours is written with a palette, in less than half of the bytes, and looks the same."""
    picture = drawing(mode)
    small, large = png(picture, few_colours=True), png(picture, few_colours=False)
    result = opened(small)
    assert result.mode == "P"
    assert len(small) < len(large) / 2
    on_white = [Image.alpha_composite(Image.new("RGBA", p.size, "white"), p.convert("RGBA")) for p in (result, picture)]
    assert psnr(on_white[0].convert("RGB"), on_white[1].convert("RGB")) >= 39


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_what_would_look_different_has_all_its_colours(mode: str) -> None:
    """Where a palette would be seen, none is used."""
    picture = rainbow().convert(mode)
    assert with_palette(picture) is picture
    assert opened(png(picture, few_colours=True)).mode == mode.removesuffix("A")  # opaque


def test_transparency_stays_where_it_is() -> None:
    """What is clear stays clear, and what is opaque stays so but for a few pixels of soft edges."""
    picture = drawing("RGBA")
    before = picture.getchannel("A")
    after = opened(png(picture, few_colours=True)).convert("RGBA").getchannel("A")
    clear, solid = before.point([255] + [0] * 255), before.point([0] * 255 + [255])
    assert Image.composite(after, Image.new("L", after.size, 0), clear).getextrema() == (0, 0)
    faded = Image.composite(after, Image.new("L", after.size, 255), solid).histogram()[:250]
    assert sum(faded) < solid.histogram()[255] / 200


def test_gray_is_left_alone() -> None:
    """Gray has 256 shades as it is."""
    gray = photo_like(64, 48).convert("L")
    assert not has_few_colours(gray)
    assert opened(png(gray, few_colours=True)).mode == "L"


@pytest.mark.parametrize(("mode", "few"), [("P", True), ("LA", True), ("RGBA", True), ("RGB", False), ("L", False)])
def test_few_colours_are_known_by_counting(mode: str, few: bool) -> None:  # noqa: FBT001 # a table's column
    """A source is drawn in few colours whether it was stored with a palette or not, and a photo is not."""
    hard = Image.new("RGBA", (400, 300))
    ImageDraw.Draw(hard).ellipse((50, 50, 200, 200), fill=(200, 30, 30, 255))
    picture = hard.quantize(4) if mode == "P" else hard.convert(mode) if few else photo_like(400, 300).convert(mode)
    (frame,) = read_by(PngSource(), saved(picture, "PNG")).frames
    assert frame.few_colours is few


def test_an_animation_is_not_counted() -> None:
    """Frames of an animation share no palette."""
    frames = [Image.new("RGBA", (40, 30), colour) for colour in ("red", "blue")]
    data = saved(frames[0], "PNG", save_all=True, append_images=frames[1:])
    assert [frame.few_colours for frame in read_by(PngSource(), data).frames] == [False, False]
