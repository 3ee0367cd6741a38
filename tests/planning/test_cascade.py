"""Each rendition is resized from the smallest picture that is large enough to lose nothing."""

import pytest

from resizer.planning.geometry import View, cascade_source, place, sources
from resizer.settings.rules import Fit, RenditionSpec
from tests.support.plans import largest_first, whole_view

PHOTO = (3000, 2000)


def square(side: int, gravity: str = "center", *, enlarge: bool = False, source: tuple[int, int] = PHOTO) -> View:
    spec = RenditionSpec(name="square", width=side, height=side, fit=Fit.COVER, gravity=gravity, enlarge=enlarge)
    return place(source, spec).view


def whole(width: int) -> View:
    return place(PHOTO, RenditionSpec(name="whole", width=width)).view


@pytest.mark.parametrize(
    ("size", "larger", "source"),
    [
        ((480, 320), [(1000, 667), (640, 427)], (1000, 667)),
        ((640, 427), [(1000, 667)], (1000, 667)),
        ((320, 213), [(1000, 667), (640, 427), (480, 320)], (480, 320)),
        ((990, 660), [(1000, 667)], (1000, 667)),
        ((980, 653), [(1000, 667), (990, 660)], (1000, 667)),
    ],
)
def test_a_width_is_made_from_the_smallest_that_is_wide_enough(
    size: tuple[int, int], larger: list[tuple[int, int]], source: tuple[int, int]
) -> None:
    """The cascade uses the smallest rendition that is 1.5 times as wide, or the largest if there is none."""
    views = [whole_view(PHOTO, each) for each in larger]
    assert cascade_source(PHOTO, whole_view(PHOTO, size), views) == whole_view(PHOTO, source)


def test_a_crop_is_made_from_a_picture_that_shows_all_of_it() -> None:
    """A crop is made from the smallest picture that contains it large enough, or from the decoded picture."""
    for view, existing, source in [
        (square(256), [whole(1000), whole(640), whole(480)], whole(640)),  # 427 pixels high
        (square(64), [whole(1000), square(256)], square(256)),
        (square(64, "north"), [square(256)], square(256)),  # the same crop
        (square(64, "west"), [square(256)], None),
        (square(64, "west"), [square(256), whole(480)], whole(480)),
        (square(900), [whole(1000)], None),
        (square(600), [whole(1000)], whole(1000)),
        (whole(100), [square(900)], None),
        (whole(640), [square(900), whole(1000)], whole(1000)),
    ]:
        assert cascade_source(PHOTO, view, existing) == source


def test_nothing_is_made_from_an_enlarged_picture() -> None:
    """An enlarged picture comes last, is made from the decoded picture, and is never a cascade source."""
    small = (300, 200)
    specs = [
        RenditionSpec(name="2000", width=2000, enlarge=True),
        RenditionSpec(name="100", width=100),
        RenditionSpec(name="480", width=480),
    ]
    placements = largest_first(small, (place(small, each) for each in specs))
    assert [each.canvas for each in placements] == [(300, 200), (100, 67), (2000, 1333)]
    first, second, third = (each.view for each in placements)
    assert sources(small, [first, second, third]) == {first: None, second: first, third: None}


def test_cascade_sources_come_first() -> None:
    """Placements are ordered by scale, then by size; equal ones keep their order."""
    specs = [
        RenditionSpec(name="480", width=480),
        RenditionSpec(name="square", width=320, height=320, fit=Fit.COVER),
        RenditionSpec(name="card", width=1000, height=1000, fit=Fit.CONTAIN),
        RenditionSpec(name="1000", width=1000),
    ]
    placements = largest_first(PHOTO, (place(PHOTO, each) for each in specs))
    assert [each.canvas for each in placements] == [(1000, 1000), (1000, 667), (480, 320), (320, 320)]
