"""A PNG is deflated with the strategy that makes it smaller, and gets a palette if that looks the same."""

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
    """A picture that repeats like text, with hardly any runs."""
    tile = Image.effect_noise((40, 40), 200)
    picture = Image.new("L", (width, height))
    for x in range(0, width, 40):
        for y in range(0, height, 40):
            picture.paste(tile, (x, y))
    return picture


def centred_on_white(picture: Image.Image, width: int, height: int) -> Image.Image:
    """A picture on a white background, like a product in a shop."""
    whole = Image.new(picture.mode, (width, height), "white")
    whole.paste(picture, ((width - picture.width) // 2, (height - picture.height) // 2))
    return whole


PICTURES = {
    "photo": photo_like(480, 360),
    "transparent": photo_like(480, 360).convert("RGBA"),
    "gradient": Image.linear_gradient("L").resize((480, 360)),
    "pattern": pattern(480, 360),
    "product": centred_on_white(photo_like(200, 100), 480, 360),
    "low": pattern(480, 20),
    "one row": photo_like(480, 1),
}


@pytest.mark.parametrize("name", PICTURES)
def test_the_smaller_strategy_is_chosen(name: str) -> None:
    """The strategy chosen by a sample makes the whole picture smaller."""
    picture = PICTURES[name]
    sizes = []
    for strategy in STRATEGIES:
        buffer = io.BytesIO()
        picture.save(buffer, "PNG", compress_level=LEVELS["balanced"], compress_type=strategy)
        sizes.append(buffer.tell())
    chosen = deflate_options(picture, "balanced")["compress_type"]
    assert sizes[STRATEGIES.index(chosen)] == min(sizes)


def test_photos_and_patterns_need_different_strategies() -> None:
    """Photos and patterns are deflated with different strategies."""
    assert deflate_options(PICTURES["photo"], "balanced") != deflate_options(PICTURES["pattern"], "balanced")


def test_the_sample_lies_within_the_picture() -> None:
    """The sample has rows of the picture only, whatever its height: rows beyond it would be black."""
    for height in range(1, 60):
        sample = _sample(Image.new("L", (100, height), 255))
        assert sample.getextrema() == (255, 255)
        assert sample.height <= height


def drawing(mode: str) -> Image.Image:
    """Discs in 20 colours with soft edges, on a transparent background in RGBA."""
    dice = random.Random(1)
    large = Image.new(mode, (1200, 800), (255, 255, 255, 0)[: len(mode)])
    pen = ImageDraw.Draw(large)
    for _ in range(20):
        x, y, across = dice.randint(0, 1000), dice.randint(0, 600), dice.randint(60, 200)
        colour = tuple(dice.randint(0, 255) for _ in range(3))
        pen.ellipse((x, y, x + across, y + across), fill=(*colour, 255)[: len(mode)])
    return large.resize((600, 400), Image.Resampling.LANCZOS)


def rainbow() -> Image.Image:
    """Noise with far more colours than a palette can hold."""
    noise = [Image.effect_noise((200, 200), 120) for _ in range(3)]
    return Image.merge("RGB", noise)


def png(picture: Image.Image, *, few_colours: bool) -> bytes:
    opaque = picture.mode != "RGBA" or picture.getchannel("A").getextrema() == (255, 255)
    rendition = PngRendition()
    return rendition.save(
        iter([rendition.fit(picture, opaque=opaque)]), SaveOptions(opaque=opaque, few_colours=few_colours)
    )


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_a_drawing_gets_a_palette(mode: str) -> None:
    """A drawing of few colours gets a palette, takes less than half of the bytes, and looks the same."""
    picture = drawing(mode)
    small, large = png(picture, few_colours=True), png(picture, few_colours=False)
    result = opened(small)
    assert result.mode == "P"
    assert len(small) < len(large) / 2
    on_white = [Image.alpha_composite(Image.new("RGBA", p.size, "white"), p.convert("RGBA")) for p in (result, picture)]
    assert psnr(on_white[0].convert("RGB"), on_white[1].convert("RGB")) >= 39


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_no_palette_where_it_would_show(mode: str) -> None:
    """A picture that would look different with a palette keeps all its colours."""
    picture = rainbow().convert(mode)
    assert with_palette(picture) is picture
    assert opened(png(picture, few_colours=True)).mode == mode.removesuffix("A")  # opaque


def test_transparency_stays_where_it_is() -> None:
    """Transparent pixels stay transparent; opaque ones stay opaque, except for a few at soft edges."""
    picture = drawing("RGBA")
    before = picture.getchannel("A")
    after = opened(png(picture, few_colours=True)).convert("RGBA").getchannel("A")
    transparent, opaque = before.point([255] + [0] * 255), before.point([0] * 255 + [255])
    assert Image.composite(after, Image.new("L", after.size, 0), transparent).getextrema() == (0, 0)
    faded = Image.composite(after, Image.new("L", after.size, 255), opaque).histogram()[:250]
    assert sum(faded) < opaque.histogram()[255] / 200


def test_gray_gets_no_palette() -> None:
    """Gray stays gray: it has only 256 shades."""
    gray = photo_like(64, 48).convert("L")
    assert not has_few_colours(gray)
    assert opened(png(gray, few_colours=True)).mode == "L"


@pytest.mark.parametrize(("mode", "few"), [("P", True), ("LA", True), ("RGBA", True), ("RGB", False), ("L", False)])
def test_few_colours_are_counted(mode: str, few: bool) -> None:  # noqa: FBT001 # a table's column
    """A drawing has few colours with or without a stored palette; a photo does not."""
    hard = Image.new("RGBA", (400, 300))
    ImageDraw.Draw(hard).ellipse((50, 50, 200, 200), fill=(200, 30, 30, 255))
    picture = hard.quantize(4) if mode == "P" else hard.convert(mode) if few else photo_like(400, 300).convert(mode)
    (frame,) = read_by(PngSource(), saved(picture, "PNG")).frames
    assert frame.few_colours is few


def test_colours_of_animations_are_not_counted() -> None:
    """Frames of an animation never count as having few colours: they could not share a palette."""
    frames = [Image.new("RGBA", (40, 30), colour) for colour in ("red", "blue")]
    data = saved(frames[0], "PNG", save_all=True, append_images=frames[1:])
    assert [frame.few_colours for frame in read_by(PngSource(), data).frames] == [False, False]
