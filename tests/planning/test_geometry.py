"""A rendition has the size and crop of its box, fit and gravity, and is enlarged only on request."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resizer.planning.geometry import Box, Placement, Size, View, as_stored, place, wanted_size
from resizer.settings.rules import Fit, RenditionSpec
from tests.support.pictures import header
from tests.support.plans import rendition_size

PHOTO = (3000, 2000)
SMALL = (300, 200)
LONG = (10_000, 1)
TALL = (1, 10_000)
DOT = (1, 1)
sides = st.integers(1, 20_000)
boxes = st.integers(1, 5000)


def placed(upright: Size, **spec: Any) -> Placement:
    return place(upright, RenditionSpec(name="card", **spec))


def test_inside_is_as_large_as_fits() -> None:
    """The whole picture is scaled in proportion into the box or the given side, and never enlarged."""
    for upright, box, size in [
        (PHOTO, (1000, None), (1000, 667)),
        (PHOTO, (None, 900), (1350, 900)),
        (PHOTO, (600, 600), (600, 400)),
        (PHOTO, (600, 300), (450, 300)),
        (PHOTO, (3000, 2000), (3000, 2000)),
        (PHOTO, (4000, 4000), (3000, 2000)),
        (SMALL, (480, None), (300, 200)),
        (SMALL, (None, 480), (300, 200)),
        (LONG, (480, None), (480, 1)),
        (LONG, (None, 480), (10_000, 1)),
        (TALL, (480, 400), (1, 400)),
        (DOT, (64, 64), (1, 1)),
    ]:
        layout = placed(upright, width=box[0], height=box[1])
        assert layout == Placement(View((0, 0, *upright), size), size)


@pytest.mark.parametrize(
    ("upright", "box", "size"),
    [
        (SMALL, (600, None), (600, 400)),
        (SMALL, (600, 600), (600, 400)),
        (DOT, (64, 32), (32, 32)),
        (LONG, (20_000, None), (20_000, 2)),
    ],
)
def test_inside_can_enlarge(upright: Size, box: tuple[int | None, int | None], size: Size) -> None:
    """With `enlarge`, the picture is as large as the box allows."""
    assert placed(upright, width=box[0], height=box[1], enlarge=True).view.size == size


def test_cover_fills_the_box() -> None:
    """The crop fills the box, or, if the source is too small, the largest box in the same proportions."""
    for upright, box, size, crop in [
        (PHOTO, (256, 256), (256, 256), (500, 0, 2500, 2000)),
        (PHOTO, (600, 100), (600, 100), (0, 750, 3000, 1250)),
        (PHOTO, (3000, 1000), (3000, 1000), (0, 500, 3000, 1500)),
        (SMALL, (600, 600), (200, 200), (50, 0, 250, 200)),
        (SMALL, (600, 100), (300, 50), (0, 75, 300, 125)),
        (SMALL, (100, 600), (33, 200), (134, 0, 167, 200)),
        (LONG, (64, 64), (1, 1), (5000, 0, 5001, 1)),
        (TALL, (64, 64), (1, 1), (0, 5000, 1, 5001)),
        (DOT, (64, 32), (1, 1), (0, 0, 1, 1)),
        (SMALL, (1, 1000), (1, 200), (150, 0, 151, 200)),
    ]:
        layout = placed(upright, width=box[0], height=box[1], fit=Fit.COVER)
        assert layout == Placement(View(crop, size), size)


@pytest.mark.parametrize(
    ("upright", "crop"),
    [(SMALL, (50, 0, 250, 200)), (DOT, (0, 0, 1, 1)), (LONG, (4999.5, 0, 5000.5, 1))],
)
def test_cover_can_enlarge(upright: Size, crop: Box) -> None:
    """With `enlarge`, a small source also gets the size of the box."""
    layout = placed(upright, width=600, height=600, fit=Fit.COVER, enlarge=True)
    assert layout == Placement(View(crop, (600, 600)), (600, 600))


@pytest.mark.parametrize("fit", [Fit.COVER, Fit.CONTAIN])
def test_cover_and_contain_need_both_sides(fit: Fit) -> None:
    """With only a width or a height, every fit is the same as inside."""
    assert placed(PHOTO, width=300, fit=fit) == placed(PHOTO, width=300)
    assert placed(PHOTO, height=300, fit=fit) == placed(PHOTO, height=300)


@pytest.mark.parametrize(
    ("upright", "enlarge", "size", "at"),
    [
        (PHOTO, False, (600, 400), (0, 100)),
        (SMALL, False, (300, 200), (150, 200)),
        (SMALL, True, (600, 400), (0, 100)),
        (DOT, False, (1, 1), (300, 300)),
        (DOT, True, (600, 600), (0, 0)),
        (LONG, False, (600, 1), (0, 300)),
    ],
)
def test_contain_always_has_the_size_of_its_box(upright: Size, *, enlarge: bool, size: Size, at: Size) -> None:
    """The picture is centred on a canvas of the box's size, and enlarged only with `enlarge`."""
    layout = placed(upright, width=600, height=600, fit=Fit.CONTAIN, enlarge=enlarge)
    assert (layout.view, layout.canvas, layout.at) == (View((0, 0, *upright), size), (600, 600), at)
    assert layout.has_border == (size != (600, 600))


@pytest.mark.parametrize(
    ("gravity", "left"),
    [
        ("center", 500), ("north", 500), ("south", 500), ("west", 0), ("northwest", 0), ("southwest", 0),
        ("east", 1000), ("northeast", 1000), ("southeast", 1000), ("attention", 500),
        ((0.3, 0.7), 0), ((0.4, 0.7), 200), ((0.9, 0.7), 1000),
    ],
)  # fmt: skip
@pytest.mark.parametrize("rotated", [False, True])
def test_gravity_positions_the_crop(gravity: str | tuple[float, float], left: float, *, rotated: bool) -> None:
    """A crop is at the side of its compass point, or as near to its focal point as the edges allow."""
    mirrored = {"north": "west", "south": "east", "west": "north", "east": "south"}
    corners = {"northeast": "southwest", "southwest": "northeast"}
    if not rotated:
        crop = placed(PHOTO, width=64, height=64, fit=Fit.COVER, gravity=gravity).view.crop
        assert crop == pytest.approx((left, 0, left + 2000, 2000))
        return
    turned = (mirrored | corners).get(gravity, gravity) if isinstance(gravity, str) else gravity[::-1]
    crop = placed(PHOTO[::-1], width=64, height=64, fit=Fit.COVER, gravity=turned).view.crop
    assert crop == pytest.approx((0, left, 2000, left + 2000))


@pytest.mark.parametrize(
    ("gravity", "at"),
    [
        ("center", (150, 200)), ("north", (150, 0)), ("southeast", (300, 400)), ("west", (0, 200)),
        ("attention", (150, 200)), ((0.1, 0.5), (30, 200)),
    ],
)  # fmt: skip
def test_gravity_positions_the_picture_on_its_canvas(gravity: str | tuple[float, float], at: Size) -> None:
    """A contained picture is at the side of its compass point, or at that fraction of the free space."""
    assert placed(SMALL, width=600, height=600, fit=Fit.CONTAIN, gravity=gravity).at == at


@pytest.mark.parametrize("gravity", ["west", "attention", (0.1, 0.1)])
def test_the_sources_own_focal_point_wins(gravity: str | tuple[float, float]) -> None:
    """A source's own focal point overrides the gravity of the settings."""
    spec = RenditionSpec(name="64", width=64, height=64, fit=Fit.COVER, gravity=gravity)
    layout = place(PHOTO, spec, (0.4, 0.6))
    assert layout.view.crop == pytest.approx((200, 0, 2200, 2000))
    assert not layout.attention


@pytest.mark.parametrize(
    ("upright", "fit", "needed"),
    [
        (PHOTO, Fit.COVER, True),
        ((2000, 2000), Fit.COVER, False),
        (PHOTO, Fit.INSIDE, False),
        (PHOTO, Fit.CONTAIN, False),
    ],
)
def test_attention_is_needed_only_if_something_is_cut_off(upright: Size, fit: Fit, *, needed: bool) -> None:
    """Only a crop that can move needs the point of attention; it moves there and keeps its size."""
    spec = RenditionSpec(name="64", width=64, height=64, fit=fit, gravity="attention")
    assert place(upright, spec).attention == needed
    if needed:
        assert place(upright, spec, (0.9, 0.5)) == Placement(View((1000, 0, 3000, 2000), (64, 64)), (64, 64))


@given(upright=st.tuples(sides, sides), width=boxes)
def test_a_width_gives_the_height_in_proportion(upright: Size, width: int) -> None:
    """The height is in proportion to the width, rounded half up, and the picture is never enlarged."""
    narrow = min(width, upright[0])
    expected = narrow, max(1, int(upright[1] * narrow / upright[0] + 0.5))
    assert rendition_size(upright, width) == placed(upright, width=width).canvas == expected


@given(
    upright=st.tuples(sides, sides),
    box=st.tuples(boxes, boxes),
    fit=st.sampled_from(Fit),
    gravity=st.one_of(st.sampled_from(["center", "southeast"]), st.tuples(st.floats(0, 1), st.floats(0, 1))),
    enlarge=st.booleans(),
)
def test_extreme_boxes_and_sources_work(
    upright: Size, box: Size, fit: Fit, gravity: str | tuple[float, float], *, enlarge: bool
) -> None:
    """No side is zero, the crop is inside the source, the picture on its canvas, and the canvas in the box."""
    layout = placed(upright, width=box[0], height=box[1], fit=fit, gravity=gravity, enlarge=enlarge)
    (left, top, right, bottom), (width, height) = layout.view
    assert 0 <= left < right <= upright[0]
    assert 0 <= top < bottom <= upright[1]
    assert min(width, height) >= 1
    assert enlarge or not layout.view.is_enlarged()
    assert 0 <= layout.at[0] <= layout.canvas[0] - width
    assert 0 <= layout.at[1] <= layout.canvas[1] - height
    assert layout.canvas[0] <= box[0]
    assert layout.canvas[1] <= box[1]
    if fit is Fit.CONTAIN or (fit is Fit.COVER and (enlarge or (box[0] <= upright[0] and box[1] <= upright[1]))):
        assert layout.canvas == box


@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_decoder_gets_the_largest_size_that_a_view_needs(orientation: int) -> None:
    """A 900 pixel square crop of a 3:2 picture needs it decoded 1350 pixels wide, in stored orientation."""
    rotated = orientation >= 5
    known = header(*(PHOTO[::-1] if rotated else PHOTO), orientation=orientation)
    views = [placed(PHOTO, width=900, height=900, fit=Fit.COVER).view, placed(PHOTO, width=1000).view]
    assert wanted_size(known, views) == ((900, 1350) if rotated else (1350, 900))


@pytest.mark.parametrize(
    ("orientation", "crop"),
    [
        (1, (10, 20, 110, 50)), (2, (190, 20, 290, 50)), (3, (190, 150, 290, 180)), (4, (10, 150, 110, 180)),
        (5, (20, 10, 50, 110)), (6, (20, 190, 50, 290)), (7, (150, 190, 180, 290)), (8, (150, 10, 180, 110)),
    ],
)  # fmt: skip
def test_a_crop_is_turned_into_stored_orientation(orientation: int, crop: Box) -> None:
    """An upright crop is turned by the EXIF orientation to find it in the stored pixels."""
    known = header(*((200, 300) if orientation >= 5 else (300, 200)), orientation=orientation)
    size = (3, 10) if orientation >= 5 else (10, 3)
    assert as_stored(View((10, 20, 110, 50), (10, 3)), known) == View(crop, size)
