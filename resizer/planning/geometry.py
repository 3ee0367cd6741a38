"""Arithmetic of pictures: how large a rendition is, and how far a decoder may scale down."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from resizer.model import Header

# Decoded below 1.5 times the widest rendition, the result drifts visibly from that of a full decode:
# 38 dB PSNR against 46 to 56 dB, measured on photos before encoding. So it does when one rendition is made from
# another that is hardly wider: 480 pixels from 640 are 48 to 56 dB, from 1000 they are 51 to 58 at the same cost.
OVERSAMPLING: Final = 1.5
# Three eighths of a JPEG are coarser than a half: up to 2 dB further from a full decode below 1.75 times the widest.
# A half takes 1 % more time there, and 3 % where colours are as fine as brightness, for three planes are scaled then.
# These may be coarser, and are kept for the narrower renditions, which come 1 to 3 dB closer again.
COARSE, COARSE_OVERSAMPLING = 3, 1.75

# A picture that is hardly wider than its widest rendition is kept for the others, which come 3 dB closer to a full
# decode for 5 % more CPU of such a picture. Above so many pixels it would take memory and time for what nobody sees.
MOST_KEPT_PIXELS: Final = 4_000_000


def rendition_size(upright: tuple[int, int], width: int) -> tuple[int, int]:
    """Width and height in pixels of a rendition: in proportion, never enlarged, at least one pixel high."""
    source_width, source_height = upright
    width = min(width, source_width)
    return width, max(1, (2 * source_height * width + source_width) // (2 * source_width))


def rendition_sizes(upright: tuple[int, int], widths: Iterable[int]) -> list[tuple[int, int]]:
    """The sizes that renditions of these widths have, each once."""
    return list(dict.fromkeys(rendition_size(upright, width) for width in widths))


def decode_eighths(header: Header, widest: int) -> int:
    """At how many eighths of its size a JPEG is decoded for renditions up to `widest` upright pixels wide."""
    if header.format != "JPEG" or not header.scalable:
        return 8
    across = header.upright_size[0]
    for eighths in (1, 2, COARSE, 4):
        times = COARSE_OVERSAMPLING if eighths == COARSE and not header.full_colours else OVERSAMPLING
        if across * eighths >= 8 * ceil(times * widest):
            return eighths
    return 8


def decoded_size(header: Header, widest: int) -> tuple[float, float]:
    """Width and height, in pixels of what is decoded, that the picture itself takes up: a decoder rounds them up."""
    eighths = decode_eighths(header, widest)
    return header.width * eighths / 8, header.height * eighths / 8


def is_kept(header: Header, sizes: Sequence[tuple[int, int]]) -> bool:
    """Whether renditions of these sizes, widest first, are all made from the decoded picture itself."""
    widest = sizes[0][0]
    eighths = decode_eighths(header, widest)
    across, down = (side * eighths / 8 for side in header.upright_size)
    enough = (COARSE_OVERSAMPLING if eighths == COARSE else OVERSAMPLING) * widest
    hardly_wider = widest < across < enough and across * down <= MOST_KEPT_PIXELS
    return hardly_wider and len(set(sizes)) > 1 and header.frames == 1 and not header.has_transparency


def made_from(size: tuple[int, int], larger: Collection[tuple[int, int]]) -> tuple[int, int]:
    """Which of some larger sizes a picture is best made from: the smallest that is enough wider, else the largest."""
    return min((each for each in larger if each[0] >= OVERSAMPLING * size[0]), default=max(larger))
