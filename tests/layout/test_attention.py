"""A crop by attention contains the subject, wherever it is."""

import pytest
from PIL import Image, ImageDraw, ImageFilter

from resizer.layout.attention import attention
from tests.support.pictures import noise

PLACES = [(0.2, 0.3), (0.8, 0.3), (0.5, 0.8), (0.25, 0.75)]
WINDOWS = [(0.4, 1.0), (1.0, 0.4)]


def smooth(colour: str) -> Image.Image:
    """A soft gradient with nothing that attracts attention."""
    gradient = Image.linear_gradient("L").resize((96, 64)).convert("RGB")
    return Image.blend(Image.new("RGB", (96, 64), colour), gradient, 0.15)


def with_disc(picture: Image.Image, colour: str, at: tuple[float, float]) -> Image.Image:
    drawn = picture.copy()
    x, y = at[0] * drawn.width, at[1] * drawn.height
    ImageDraw.Draw(drawn).ellipse((x - 8, y - 8, x + 8, y + 8), fill=colour)
    return drawn


def grainy() -> Image.Image:
    """Grey grain like gravel: sharp, but of no interest."""
    return noise(96, 64).convert("L").filter(ImageFilter.GaussianBlur(0.6)).convert("RGB")


def test_a_crop_contains_the_subject() -> None:
    """The middle of the subject is in the crop, whether colour, skin or edges make it stand out."""
    for at in PLACES:
        for window in WINDOWS:
            for ground, colour in [
                (smooth("#405060"), "#e02020"),  # a saturated colour
                (smooth("#406040"), "#d9a58c"),  # skin
                (smooth("#304050"), "#8d5a3c"),  # darker skin
                (smooth("#808080"), "#202020"),  # an edge
                (smooth("#c0c0c0").convert("L").convert("RGB"), "#ffffff"),
                (grainy(), "#e02020"),
            ]:
                point = attention(with_disc(ground, colour, at).reduce(3))(window)
                for middle, size, subject in zip(point, window, at, strict=True):
                    start = max(0, min(middle - size / 2, 1 - size))
                    assert start + 0.05 <= subject <= start + size - 0.05


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA"])
@pytest.mark.parametrize("size", [(1, 1), (100, 1), (1, 100), (2, 2), (33, 32)])
def test_a_flat_picture_is_cropped_in_the_middle(mode: str, size: tuple[int, int]) -> None:
    """A flat picture of any mode and size is cropped in the middle, as near as its pixels allow."""
    across, down = attention(Image.new(mode, size))((0.5, 0.5))
    assert across == pytest.approx(0.5, abs=0.5 / min(32, size[0]))
    assert down == pytest.approx(0.5, abs=0.5 / min(32, size[1]))


def test_transparent_pixels_attract_no_attention() -> None:
    """The hidden colours of transparent pixels do not count."""
    picture = with_disc(smooth("#405060"), "#e02020", (0.7, 0.6)).convert("RGBA")
    points = []
    for hidden in (with_disc(picture, "#20e020", (0.2, 0.2)), picture):
        alpha = Image.new("L", hidden.size, 255)
        alpha.paste(0, (0, 0, 40, 40))
        hidden.putalpha(alpha)
        points.append(attention(hidden.reduce(3))((0.4, 1)))
    assert points[0] == points[1]
