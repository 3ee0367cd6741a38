"""Sizes: how large each rendition is, and which larger one it is made from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from resizer.model import OVERSAMPLING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from resizer.model import Header


def wanted_size(header: Header, sizes: Sequence[tuple[int, int]]) -> tuple[int, int]:
    """The size in pixels, as stored, that the whole picture has in its largest rendition; `sizes` are upright."""
    width, height = sizes[0]
    return (height, width) if header.orientation >= 5 else (width, height)


def rendition_size(upright: tuple[int, int], width: int) -> tuple[int, int]:
    """Width and height in pixels of a rendition: in proportion, never enlarged, at least one pixel high."""
    source_width, source_height = upright
    width = min(width, source_width)
    return width, max(1, (2 * source_height * width + source_width) // (2 * source_width))


def rendition_sizes(upright: tuple[int, int], widths: Iterable[int]) -> list[tuple[int, int]]:
    """The sizes that renditions of these widths have, each once."""
    return list(dict.fromkeys(rendition_size(upright, width) for width in widths))


def cascade_source(size: tuple[int, int], larger: Collection[tuple[int, int]]) -> tuple[int, int]:
    """Which of some larger sizes a picture is best made from: the smallest that is enough wider, else the largest."""
    return min((each for each in larger if each[0] >= OVERSAMPLING * size[0]), default=max(larger))
