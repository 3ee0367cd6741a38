"""What a rendition is made from is wide enough to lose nothing, and no larger than that takes."""

from __future__ import annotations

import pytest

from resizer.planning.geometry import cascade_source


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
def test_what_a_size_is_cascade_source(
    size: tuple[int, int], larger: list[tuple[int, int]], source: tuple[int, int]
) -> None:
    """The smallest that is 1.5 times as wide; the largest where none is."""
    assert cascade_source(size, larger) == source
