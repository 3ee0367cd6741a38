"""The point that a crop keeps: a compass point, fractions, or the source's own metadata."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

Point = tuple[float, float]  # fractions of the width from the left and of the height from the top

ATTENTION: Final = "attention"  # what people look at; only the pixels tell where that is
COMPASS: Final[dict[str, Point]] = {
    "northwest": (0, 0), "north": (0.5, 0), "northeast": (1, 0),
    "west": (0, 0.5), "center": (0.5, 0.5), "east": (1, 0.5),
    "southwest": (0, 1), "south": (0.5, 1), "southeast": (1, 1),
}  # fmt: skip
FOCAL_POINT: Final = "focal-point"  # the user metadata of a source, without `x-amz-meta-`


def point_of(gravity: str | Point) -> Point | None:
    """The point of a gravity in the settings; None for `attention`, which depends on the picture."""
    return COMPASS.get(gravity) if isinstance(gravity, str) else gravity


def focal_point(text: str | None, warn: Callable[[str], None]) -> Point | None:
    """The point in a source's user metadata, such as `0.31,0.62`; spaces do not matter.

    None without one. A text that is not two numbers from 0 to 1 is ignored, with a warning.
    """
    if text is None:
        return None
    try:
        across, down = (float(part) for part in text.split(","))
    except ValueError:
        across = down = -1
    if 0 <= across <= 1 and 0 <= down <= 1:  # "nan" is not
        return across, down
    warn(f"The user metadata {FOCAL_POINT} is ignored: {text[:40]!r} is not two fractions such as 0.31,0.62.")
    return None
