"""Predicts the memory for an image from its header, before decoding.

All figures are in bytes. The two tables are: bytes per source pixel (below, and `decoder_bytes` in each format's
class), and bytes per output pixel (`memory` in each rendition format's class). `python -m bench.memory` compares
predictions with measured peaks.
"""

from __future__ import annotations

from math import ceil, prod
from typing import TYPE_CHECKING, Final

from resizer.formats import SOURCES
from resizer.memory.encoding import MB, bytes_per_pixel, encoding_needed
from resizer.planning.cascade import sources
from resizer.planning.geometry import as_stored, focused, wanted_size, whole

if TYPE_CHECKING:
    from collections.abc import Sequence

    from resizer.memory.encoding import Planned
    from resizer.model import Header
    from resizer.planning.geometry import Placement, Size, View

# For any image: rows being processed, Huffman tables, the stream's blocks, thread stacks.
FIXED: Final = 11 * MB
# Pillow's bytes per pixel in these modes; all others take four.
PIXEL_BYTES: Final = {"1": 1, "L": 1, "P": 1, "I;16": 2, "I;16B": 2, "I;16L": 2}
# Bytes per source pixel for the conversion to a mode that can be resized; L, RGB, RGBA and CMYK need none.
CONVERSION_BYTES: Final = {"1": 1, "I;16": 6, "I;16B": 6, "I;16L": 6, "I": 5, "F": 5} | dict.fromkeys(
    ("L", "RGB", "RGBA", "CMYK"), 0
)
OTHER_CONVERSION: Final = 4


def memory_needed(header: Header, *, planned: Sequence[Planned], file_size: int) -> int:
    """Predict the peak memory for resizing an image, in bytes, on top of what the process uses already.

    `planned` are its renditions largest first.
    """
    source = SOURCES[header.format]
    planned = [each._replace(placement=_apart(each.placement, header.upright_size)) for each in planned]
    views = [each.placement.view for each in planned]
    made_from = sources(header.upright_size, views)
    first = [view for view, before in made_from.items() if before is None]
    scale = source.scale(header, wanted_size(header, views))
    width, height = -(-header.width // scale), -(-header.height // scale)
    pixels, depth = width * height, bytes_per_pixel(header)
    decoded = (
        pixels * PIXEL_BYTES.get(header.mode, 4)
        + round(header.width * header.height * source.decoder_bytes)
        + file_size * source.file_copies
        + header.held_bytes
    )
    from_decoded = max(_pass_from_decoded(view, header, height) for view in first) * depth
    later = max((_pass(view, before) for view, before in made_from.items() if before), default=0) * depth
    made = [prod(view.size) * depth for view in first]
    frames_done = (header.frames - 1) * sum(made)
    # Turning upright and converting colours each make a copy, one picture at a time.
    resized = (
        decoded + _conversion(header) * pixels + _unmultiplied(header, first) + from_decoded + sum(made) + max(made)
    )
    encoded = max(from_decoded, later) + encoding_needed(header, planned, made_from)
    return FIXED + max(decoded + header.buffered_bytes + frames_done, resized + frames_done, encoded)


def _apart(placement: Placement, upright: Size) -> Placement:
    """Move an attention crop by a pixel: its place is unknown yet, so do not count on making it from another view."""
    if not placement.attention:
        return placement
    left, top, right, bottom = placement.view.crop
    return focused(placement, upright, ((1 + (right - left) / 2) / upright[0], (1 + (bottom - top) / 2) / upright[1]))


def _conversion(header: Header) -> int:
    transparent_colour = header.has_transparency and header.mode in {"1", "L", "RGB"}
    if header.frames > 1 or transparent_colour:
        return OTHER_CONVERSION
    return CONVERSION_BYTES.get(header.mode, OTHER_CONVERSION)


def _is_as_decoded(view: View, header: Header) -> bool:
    return view == whole(header.upright_size, header.upright_size).view


def _unmultiplied(header: Header, first: Sequence[View]) -> int:
    """A copy of the unresized picture, kept because resizing the others multiplies its colours by alpha."""
    several = len(first) > 1 and header.has_transparency
    return 4 * header.width * header.height if several and any(_is_as_decoded(each, header) for each in first) else 0


def _pass_from_decoded(view: View, header: Header, height: int) -> int:
    """Pixels between the resampler's two passes, across and then down, for a view of a decoded picture `height` high.

    The resampler keeps its buffer, so only the largest counts.
    """
    if _is_as_decoded(view, header):
        return 0
    (_, top, _, bottom), size = as_stored(view, header)
    return size[0] * ceil((bottom - top) * height / header.height)


def _pass(view: View, before: View) -> int:
    return view.size[0] * ceil(before.size[1] * (view.crop[3] - view.crop[1]) / (before.crop[3] - before.crop[1]))
