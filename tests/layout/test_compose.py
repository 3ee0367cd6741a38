"""Canvas, background and watermark are where the specification puts them, on every frame."""

from typing import Any

import pytest
from PIL import Image

from resizer.layout.compose import CLEAR, Overlay, compose, overlay
from resizer.model import Format, Frame, RenditionPlan
from resizer.planning.geometry import place
from resizer.settings.rules import Fit, RenditionSpec, Watermark
from tests.support.pictures import grey_like, photo_like, translucent
from tests.support.plans import laid_out

RED = (255, 0, 0, 255)


def planned(size: tuple[int, int], box: tuple[int, int], fit: Fit = Fit.CONTAIN, **options: Any) -> RenditionPlan:
    spec = RenditionSpec(name="c", width=box[0], height=box[1], fit=fit, **options)
    return laid_out(place(size, spec), Format.PNG, spec)


def composed(picture: Image.Image, plan: RenditionPlan, mark: Overlay | None = None) -> Image.Image:
    (frame,) = compose([Frame(picture)], plan, mark)
    return frame.pixels


def watermark(size: tuple[int, int] = (20, 10), **options: Any) -> Overlay:
    return overlay(Image.new("RGBA", size, RED), Watermark(key="logo.png", **options))


def box_of(picture: Image.Image) -> tuple[int, int, int, int] | None:
    """The part of a picture that is not black."""
    return picture.convert("RGB").getbbox()


def test_a_contained_picture_is_on_its_canvas() -> None:
    """The background is around a contained picture, and behind it where it is transparent."""
    for picture in [photo_like(30, 20), grey_like(30, 20), translucent(30, 20)]:
        for background, colour in [(None, CLEAR), ("#090807", (9, 8, 7, 255)), ("#09080706", (9, 8, 7, 6))]:
            for gravity in ["center", "northwest", "southeast"]:
                before = picture.tobytes()
                at = {"center": (15, 20), "northwest": (0, 0), "southeast": (30, 40)}[gravity]
                result = composed(picture, planned((30, 20), (60, 60), gravity=gravity, background=background)).convert(
                    "RGBA"
                )
                assert result.size == (60, 60)
                assert result.getpixel((59, 0)) == colour
                shown = Image.alpha_composite(Image.new("RGBA", (30, 20), colour), picture.convert("RGBA"))
                part = result.crop((*at, at[0] + 30, at[1] + 20))
                assert max(abs(one - other) for one, other in zip(part.tobytes(), shown.tobytes(), strict=True)) <= 1
                assert picture.tobytes() == before


@pytest.mark.parametrize("fit", [Fit.INSIDE, Fit.COVER])
def test_a_picture_that_fills_its_canvas_is_unchanged(fit: Fit) -> None:
    """Frames that fill their canvas are returned as they are; only transparent ones get the background."""
    frames = [Frame(photo_like(30, 20))]
    assert compose(frames, planned((30, 20), (30, 20), fit)) is frames
    filled = planned((30, 20), (30, 20), fit, background="#ffffff")
    assert compose(frames, filled) is frames
    assert composed(translucent(30, 20), filled).convert("RGBA").getchannel("A").getextrema() == (255, 255)


def test_a_watermark_is_placed_by_its_gravity() -> None:
    """A watermark has the right width, proportions and distance from the edges."""
    for gravity, box in [
        ("southeast", (78, 88, 98, 98)),
        ("northwest", (2, 2, 22, 12)),
        ("center", (40, 45, 60, 55)),
        ("north", (40, 2, 60, 12)),
        ((0.25, 1.0), (21, 88, 41, 98)),
    ]:
        for mode in ["L", "RGB", "RGBA"]:
            black = Image.new(mode, (100, 100), (0, 0, 0, 255) if mode == "RGBA" else 0)
            result = composed(black, planned((100, 100), (100, 100)), watermark(gravity=gravity))
            assert box_of(result) == box
            assert result.convert("RGB").getpixel((box[0], box[1])) == RED[:3]
            assert box_of(black) is None


def test_a_watermark_is_blended_by_its_opacity() -> None:
    """A half opaque watermark is blended with an opaque picture, and stays half opaque on a transparent one."""
    plan, mark = planned((100, 100), (100, 100)), watermark(opacity=0.5, gravity="center")
    assert composed(Image.new("RGB", (100, 100)), plan, mark).convert("RGB").getpixel((50, 50)) == (128, 0, 0)
    assert composed(Image.new("RGBA", (100, 100)), plan, mark).getpixel((50, 50)) == (255, 0, 0, 128)


def test_a_watermark_is_never_larger_than_the_rendition() -> None:
    """A watermark has at least one pixel and fits into the rendition, however small or long the two are."""
    for canvas in [(1, 1), (100, 1), (1, 100), (7, 5)]:
        for picture in [(20, 10), (1, 300), (300, 1)]:
            for options in [{"width": 1.0}, {"width": 0.01}, {"margin": 0.5}]:
                shown, at = watermark(picture, **options).laid_out(canvas)
                assert min(shown.size) >= 1
                assert min(at) >= 0
                assert at[0] + shown.width <= canvas[0]
                assert at[1] + shown.height <= canvas[1]


def test_every_frame_has_the_watermark() -> None:
    """Every frame of an animation has the watermark, placed on the whole canvas."""
    frames = [Frame(photo_like(30, 20, seed=seed), 40 * seed) for seed in range(3)]
    result = compose(frames, planned((30, 20), (100, 100), background="#000000"), watermark())
    assert [frame.duration for frame in result] == [0, 40, 80]
    for frame in result:
        assert frame.pixels.convert("RGB").crop((70, 80, 100, 100)).getbbox() == (8, 8, 28, 18)
