"""What a rendition is made from is wide enough to lose nothing, and no larger than that takes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from resizer.planning.geometry import decode_eighths, is_kept, made_from
from tests.support.pictures import header

if TYPE_CHECKING:
    from resizer.model import Header


@pytest.mark.parametrize(
    ("known", "sizes", "kept"),
    [
        (header(400, 267), [(300, 200), (200, 133)], True),
        (header(267, 400, orientation=6), [(300, 200), (200, 133)], True),
        (header(450, 300), [(300, 200), (200, 133)], False),  # wide enough for the usual way
        (header(300, 200), [(300, 200), (200, 133)], False),  # it is the widest rendition
        (header(400, 267), [(300, 200), (300, 200)], False),  # there is nothing to make from it
        (header(1400, 2900), [(1000, 2071), (640, 1326)], False),  # too large to be held so long
        (header(1200, 800, full_colours=True), [(300, 200), (200, 133)], True),  # decoded at three eighths, 450
        (header(1200, 800), [(300, 200), (200, 133)], False),  # decoded at a half
        (header(1400, 933, full_colours=True), [(300, 200), (200, 133)], False),  # decoded at three eighths, 525
        (replace(header(400, 267), frames=2), [(300, 200), (200, 133)], False),
        (replace(header(400, 267), has_transparency=True), [(300, 200), (200, 133)], False),  # it is overwritten
    ],
)
def test_which_pictures_are_kept(known: Header, sizes: list[tuple[int, int]], *, kept: bool) -> None:
    """Only a single opaque one that is decoded a little wider than its widest rendition, and not large."""
    assert is_kept(known, sizes) is kept


@pytest.mark.parametrize(
    ("across", "sampled", "full_colours"),
    [(1199, 4, 4), (1200, 4, 3), (1399, 4, 3), (1400, 3, 3), (1799, 3, 3), (1800, 2, 2), (3600, 1, 1), (449, 8, 8)],
)
def test_how_far_a_jpeg_is_scaled_down(across: int, sampled: int, full_colours: int) -> None:
    """To 1.5 times the widest or more; with colours of less resolution not to three eighths below 1.75 times."""
    assert decode_eighths(header(across, 900), 300) == sampled
    assert decode_eighths(header(across, 900, full_colours=True), 300) == full_colours
    assert decode_eighths(header(900, across, orientation=6), 300) == sampled


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
def test_what_a_size_is_made_from(
    size: tuple[int, int], larger: list[tuple[int, int]], source: tuple[int, int]
) -> None:
    """The smallest that is 1.5 times as wide; the largest where none is."""
    assert made_from(size, larger) == source
