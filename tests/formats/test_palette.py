"""What was drawn in few colours stays so where nobody sees it, and is as it was elsewhere."""

from __future__ import annotations

import io
import random

import pytest
from PIL import Image, ImageDraw

from resizer.decode.frames import decode
from resizer.decode.header import open_image
from resizer.decode.limits import Limits
from resizer.encode import Encoding
from resizer.formats.palette import LOOKS_THE_SAME, has_few_colours, with_palette
from resizer.model import Format, Frame
from resizer.settings.rules import Quality
from tests.support.pictures import opened, photo_like, psnr, saved


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
    return Encoding(quality=Quality()).encode([Frame(picture, few_colours=few_colours)], Format.PNG)


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_a_drawing_keeps_its_palette(mode: str) -> None:
    """A drawing of few colours is written with a palette, in less than half of the bytes, and looks the same."""
    picture = drawing(mode)
    small, large = png(picture, few_colours=True), png(picture, few_colours=False)
    result = opened(small)
    assert result.mode == "P"
    assert len(small) < len(large) / 2
    on_white = [Image.alpha_composite(Image.new("RGBA", p.size, "white"), p.convert("RGBA")) for p in (result, picture)]
    assert psnr(on_white[0].convert("RGB"), on_white[1].convert("RGB")) >= LOOKS_THE_SAME - 1


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


@pytest.mark.parametrize(("mode", "few"), [("P", True), ("RGBA", True), ("RGB", False)])
def test_few_colours_are_known_by_counting(mode: str, few: bool) -> None:  # noqa: FBT001 # a table's column
    """A source is drawn in few colours whether it was stored with a palette or not, and a photo is not."""
    hard = Image.new("RGBA", (400, 300))
    ImageDraw.Draw(hard).ellipse((50, 50, 200, 200), fill=(200, 30, 30, 255))
    picture = photo_like(400, 300) if mode == "RGB" else hard.quantize(4) if mode == "P" else hard
    data = saved(picture, "PNG")
    image, header = open_image(io.BytesIO(data), Limits(max_pixels=10**6, widths=(1000,), file_size=len(data)))
    assert next(decode(image, header, (1000, 1))).few_colours is few


def test_other_formats_know_no_palette() -> None:
    """A JPEG of few colours is a JPEG as any other."""
    one, other = (
        Encoding(quality=Quality()).encode([Frame(drawing("RGB"), few_colours=few)], Format.JPEG)
        for few in (True, False)
    )
    assert one == other


def test_an_animation_is_not_counted() -> None:
    """Frames of an animation share no palette."""
    frames = [Image.new("RGBA", (40, 30), colour) for colour in ("red", "blue")]
    data = saved(frames[0], "PNG", save_all=True, append_images=frames[1:])
    image, header = open_image(io.BytesIO(data), Limits(max_pixels=10**6, widths=(1000,), file_size=len(data)))
    assert [frame.few_colours for frame in decode(image, header, (1000, 1))] == [False, False]
