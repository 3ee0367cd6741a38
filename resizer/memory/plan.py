"""How much memory an image takes, predicted from its header before anything is decoded.

All figures are in bytes. Two tables can be checked by a person: bytes per source pixel (below, and `decoder_bytes` of
each format's class), and bytes per output pixel (`memory` of each rendition format's class). `python -m bench.memory`
compares the predictions with measured peaks.
"""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Final

from resizer.formats import RENDITIONS, SOURCES
from resizer.formats.base import EncoderMemory
from resizer.model import Format
from resizer.planning.geometry import wanted_size, whole_view

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from resizer.model import Header

MB: Final = 1_048_576
# Rows in hand, Huffman tables, the stream's own blocks, thread stacks: whatever the image.
FIXED: Final = 11 * MB
# Bytes per source pixel that Pillow keeps in these modes; in all others it is four.
PIXEL_BYTES: Final = {"1": 1, "L": 1, "P": 1, "I;16": 2, "I;16B": 2, "I;16L": 2}
# Bytes per source pixel while it is converted to a mode that can be resampled; L, RGB, RGBA and CMYK take none.
CONVERSION_BYTES: Final = {"1": 1, "I;16": 6, "I;16B": 6, "I;16L": 6, "I": 5, "F": 5} | dict.fromkeys(
    ("L", "RGB", "RGBA", "CMYK"), 0
)
OTHER_CONVERSION: Final = 4
# Bytes per output pixel where the usual figures of a format do not fit.
GREY_PNG: Final = EncoderMemory(1 * MB, 1.2, 1.2, 0, 1.1, 1.1)
PALETTE_KEPT: Final = 14  # of a GIF at its own size, which keeps its palette
COMPOSED: Final = 4  # of a frame that is composed with transparency that it does not need
# Outputs that are in memory at once: two that are being written, and the one that is made.
IN_FLIGHT: Final = 3


def memory_needed(
    header: Header, *, sizes: Sequence[tuple[int, int]], file_size: int, formats: Collection[Format]
) -> int:
    """Predict the most that resizing an image takes beyond what the process holds already, in bytes.

    `sizes` are those of the renditions in upright pixels, largest first, `formats` what they are written in.
    """
    source = SOURCES[header.format]
    scale = source.scale(header, wanted_size(header, [whole_view(header.upright_size, size) for size in sizes]))
    width, height = -(-header.width // scale), -(-header.height // scale)
    pixels, depth = width * height, _depth(header)
    decoded = (
        pixels * PIXEL_BYTES.get(header.mode, 4)
        + round(header.width * header.height * source.decoder_bytes)
        + file_size * source.file_copies
        + header.held_bytes
    )
    first, later = (passes * depth for passes in _passes(header, height, sizes))
    largest = prod(sizes[0]) * depth
    frames_done = (header.frames - 1) * largest
    # It is turned, and brought into its colours, each time as a copy.
    resized = decoded + _conversion(header) * pixels + first + 2 * largest
    encoded = max(first, later) + _encoding(header, sizes, formats)
    return FIXED + max(decoded + header.buffered_bytes + frames_done, resized + frames_done, encoded)


def _conversion(header: Header) -> int:
    transparent_colour = header.has_transparency and header.mode in {"1", "L", "RGB"}
    if header.frames > 1 or transparent_colour:
        return OTHER_CONVERSION
    return CONVERSION_BYTES.get(header.mode, OTHER_CONVERSION)


def _depth(header: Header) -> int:
    """Bytes per pixel of what is resampled."""
    grey = header.mode in {"1", "L", "I", "F"} or header.mode.startswith("I;16")
    return 1 if grey and not header.has_transparency and header.frames == 1 else 4


def _passes(header: Header, height: int, sizes: Sequence[tuple[int, int]]) -> tuple[int, int]:
    """Pixels between the resampler's two passes, across and then down, for the largest size and for the next.

    The resampler keeps its buffer, so that the larger one counts.
    """
    across = wanted_size(header, [whole_view(header.upright_size, size) for size in sizes])[0]
    first = 0 if sizes[0] == header.upright_size else across * height  # it may be that large already
    return first, sizes[1][0] * sizes[0][1] if len(sizes) > 1 else 0


def _encoding(header: Header, sizes: Sequence[tuple[int, int]], formats: Collection[Format]) -> int:
    """The most at any size: what has been resized so far, the hungriest encoder, and the largest files so far.

    Files of one size may be kept for the next.
    """
    most, held, files = 0.0, 0, list[float]()
    for size in sizes:
        encoders = [_encoder(format_, header, size) for format_ in formats]
        held += header.frames * prod(size) * _depth(header)
        files = sorted(files + [file for _, file in encoders], reverse=True)[: max(IN_FLIGHT, len(formats))]
        most = max(most, held + max(beside for beside, _ in encoders) + sum(files))
    return round(most)


def _encoder(format_: Format, header: Header, size: tuple[int, int]) -> tuple[float, float]:
    """What an encoder holds beside the pictures of this size, and the largest file that it makes of them."""
    figures = GREY_PNG if format_ is Format.PNG and _depth(header) == 1 else RENDITIONS[format_].memory
    further = header.frames - 1 if figures.frame else 0
    # A GIF's frame may cover only a part.
    transparent = header.has_transparency or (header.format == "GIF" and header.frames > 1)
    one = figures.transparent if transparent else figures.opaque + COMPOSED * (further > 0)
    if format_ is Format.GIF and header.mode == "P" and not further and size == header.upright_size:
        one = PALETTE_KEPT
    file = figures.transparent_file if transparent else figures.opaque_file
    return figures.fixed + prod(size) * (one + further * figures.frame), prod(size) * (1 + further) * file
