"""What a rendition is made from is wide enough to lose nothing, and no larger than that takes."""

from __future__ import annotations

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
def test_a_size_comes_from_the_smallest_that_is_enough_wider(
    size: tuple[int, int], larger: list[tuple[int, int]], source: tuple[int, int]
) -> None:
    """The smallest that is 1.5 times as wide; the largest where none is."""
    views = [whole_view(PHOTO, each) for each in larger]
    assert cascade_source(PHOTO, whole_view(PHOTO, size), views) == whole_view(PHOTO, source)


@pytest.mark.parametrize(
    ("view", "made", "source"),
    [
        (square(256), [whole(1000), whole(640), whole(480)], whole(640)),  # which is 427 pixels high
        (square(64), [whole(1000), square(256)], square(256)),
        (square(64, "north"), [square(256)], square(256)),  # the source is no higher
        (square(64, "west"), [square(256)], None),
        (square(64, "west"), [square(256), whole(480)], whole(480)),
        (square(900), [whole(1000)], None),
        (square(600), [whole(1000)], whole(1000)),
        (whole(100), [square(900)], None),
        (whole(640), [square(900), whole(1000)], whole(1000)),
    ],
)
def test_a_crop_comes_from_what_shows_all_of_it(view: View, made: list[View], source: View | None) -> None:
    """Of those that show it large enough the smallest, and otherwise the decoded picture."""
    assert cascade_source(PHOTO, view, made) == source


def test_nothing_is_made_from_what_was_enlarged() -> None:
    """An enlarged picture is made last, from the decoded one, and serves for no other."""
    small = (300, 200)
    asked = [
        RenditionSpec(name="2000", width=2000, enlarge=True),
        RenditionSpec(name="100", width=100),
        RenditionSpec(name="480", width=480),
    ]
    placements = largest_first(small, (place(small, each) for each in asked))
    assert [each.canvas for each in placements] == [(300, 200), (100, 67), (2000, 1333)]
    first, second, third = (each.view for each in placements)
    assert sources(small, [first, second, third]) == {first: None, second: first, third: None}


def test_pictures_are_ordered_so_that_each_follows_what_it_is_made_from() -> None:
    """By the scale of the whole picture, and by size where that is the same; equal ones keep their order."""
    asked = [
        RenditionSpec(name="480", width=480),
        RenditionSpec(name="square", width=320, height=320, fit=Fit.COVER),
        RenditionSpec(name="card", width=1000, height=1000, fit=Fit.CONTAIN),
        RenditionSpec(name="1000", width=1000),
    ]
    placements = largest_first(PHOTO, (place(PHOTO, each) for each in asked))
    assert [each.canvas for each in placements] == [(1000, 1000), (1000, 667), (480, 320), (320, 320)]
