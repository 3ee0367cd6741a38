"""A source's `focal-point` is two fractions; anything else is ignored with a warning."""

import pytest

from resizer.planning.geometry import focal_point


@pytest.mark.parametrize(
    ("text", "point"),
    [
        ("0.31,0.62", (0.31, 0.62)),
        (" 0.31 , 0.62 ", (0.31, 0.62)),
        ("0,1", (0, 1)),
        (".5,5e-1", (0.5, 0.5)),
        (None, None),
    ],
)
def test_two_fractions_are_a_focal_point(text: str | None, point: tuple[float, float] | None) -> None:
    """Two fractions, from the left and the top, are a focal point; no metadata means none and no warning."""
    warnings: list[str] = []
    assert focal_point(text, warnings.append) == point
    assert not warnings


@pytest.mark.parametrize(
    "text", ["", "0.5", "0.5,0.5,0.5", "31%,62%", "1.2,0.5", "-0.1,0.5", "nan,0.5", "inf,0", "left,top", "0,5;0,5"]
)
def test_an_invalid_focal_point_is_ignored_with_a_warning(text: str) -> None:
    """An invalid focal point never rejects the picture."""
    warnings: list[str] = []
    assert focal_point(text, warnings.append) is None
    (warning,) = warnings
    assert "focal-point is ignored" in warning
    assert repr(text) in warning
