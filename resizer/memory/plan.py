"""Predicts the memory for an image from its header, before decoding. All figures are in bytes.

Two tables below have the bytes per pixel of the source and of renditions. Each source format's class has its decoder's
own memory. `python -m bench.memory` compares predictions with measured peaks.
"""

from collections.abc import Sequence
from math import prod
from typing import Final, NamedTuple

from resizer.formats import SOURCES
from resizer.model import Format, Header, RenditionPlan
from resizer.planning.geometry import Size, View, place, sources, wanted_size, whole
from resizer.resize import MULTIPLIES_IN_PLACE

MB: Final = 1_048_576
# For any image: rows being processed, Huffman tables, the stream's blocks, thread stacks.
FIXED: Final = 11 * MB


# Bytes per source pixel by Pillow's mode: when decoded, and for a copy in a mode that can be resized.
SOURCE_PIXEL: Final = {
    "L": (1, 0),
    **dict.fromkeys(("RGB", "RGBA", "CMYK"), (4, 0)),
    "1": (1, 1),
    "P": (1, 4),
    **dict.fromkeys(("I;16", "I;16B", "I;16L"), (2, 6)),
    **dict.fromkeys(("I", "F"), (4, 6)),
}
OTHER_MODE: Final = (4, 4)


class OutputPixel(NamedTuple):
    """Bytes per pixel of a rendition while it is encoded, measured with noise and smooth pictures.

    `opaque` and `transparent` are for one picture, in addition to its pixels, `frame` for each further frame of an
    animation (0: the format has none); the files are the largest, from noise at the highest quality.
    """

    opaque: float
    transparent: float
    frame: float
    opaque_file: float
    transparent_file: float


OUTPUT_PIXEL: Final = {
    Format.JPEG: OutputPixel(3.8, 7.9, 0, 1.4, 1.4),
    Format.PNG: OutputPixel(6.3, 9.3, 0.5, 3.1, 4.1),  # while it looks for a palette
    Format.GIF: OutputPixel(35, 39, 2.3, 1.4, 1.4),  # it counts all colours
    Format.WEBP: OutputPixel(13.3, 45, 4.6, 2.8, 3.8),
    Format.AVIF: OutputPixel(29, 34, 4, 2.2, 3.2),
}
GREY_PNG: Final = OutputPixel(1.2, 1.2, 0, 1.1, 1.1)
SMALL_EFFORT: Final = {
    Format.WEBP: OutputPixel(30, 47, 4.6, 2.8, 3.8),
}
ENCODER: Final = {Format.PNG: 1 * MB, Format.GIF: 16 * MB, Format.AVIF: 2 * MB}  # for pictures of any size
CANVAS: Final = 4  # bytes per pixel of a copy with a border, background or watermark
WATERMARK: Final = 5  # bytes per pixel: the watermark may cover the rendition, and a grey picture is copied
# Files in memory at once: two uploads, and the file that is being encoded.
IN_FLIGHT: Final = 3


def memory_needed(header: Header, *, planned: Sequence[RenditionPlan], file_size: int) -> int:
    """Predict the peak memory for resizing an image, in bytes, on top of what the process uses already.

    `planned` are its renditions in the order of `rank`.
    """
    source, depth = SOURCES[header.format], _resized_depth(header)
    views = [_anywhere(plan, header.upright_size) for plan in planned]
    made_from = sources(header.upright_size, views)
    first = [view for view, before in made_from.items() if before is None]
    wanted = wanted_size(header, views)
    scale = source.scale(header, wanted)
    rows = -(-header.height // scale)
    pixels = -(-header.width // scale) * rows
    in_mode, copied = SOURCE_PIXEL.get(header.mode, OTHER_MODE)
    if header.frames > 1 or (header.has_transparency and header.mode in {"1", "L", "RGB"}):
        copied = 4  # to RGBA
    decoded = pixels * in_mode + file_size * source.access + header.held_bytes
    passes = wanted[0] * rows * depth  # between the resampler's vertical and its horizontal pass
    made = [prod(view.size) * depth for view in first]
    # Turning upright and converting colours each make a copy, one picture at a time.
    resizing = pixels * copied + passes + sum(made) + max(made)
    untouched = len(first) > 1 and whole(header.upright_size, header.upright_size).view in first
    if header.has_transparency and (untouched or not MULTIPLIES_IN_PLACE):
        resizing += 4 * header.width * header.height  # a copy multiplied by alpha
    decoding = decoded + max(header.buffered_bytes, resizing) + (header.frames - 1) * sum(made)
    return FIXED + round(max(decoding, _encoding(header, planned, views, made_from)))


def _resized_depth(header: Header) -> int:
    """Bytes per pixel of the pictures that are resized."""
    grey = header.mode in {"1", "L", "I", "F"} or header.mode.startswith("I;16")
    return 1 if grey and not header.has_transparency and header.frames == 1 else 4


def _anywhere(plan: RenditionPlan, upright: Size) -> View:
    """A rendition's view; the place of an attention crop is unknown, so it is moved away from possible sources."""
    left, top, right, bottom = plan.placement.view.crop
    if not plan.placement.attention:
        return plan.placement.view
    middle = (1 + (right - left) / 2) / upright[0], (1 + (bottom - top) / 2) / upright[1]
    return place(upright, plan.spec, middle).view


def _encoding(
    header: Header, planned: Sequence[RenditionPlan], views: Sequence[View], made_from: dict[View, View | None]
) -> float:
    """The peak while any rendition is encoded: pictures, the encoder, and the largest files so far.

    A file may be kept for a later rendition that is identical.
    """
    peak, files = 0.0, list[float]()
    made = {view for view, before in made_from.items() if before is None}
    for number, plan in enumerate(planned):
        made.add(views[number])
        held = {views[number]} | {made_from[later] or later for later in views[number + 1 :]} & made
        pictures = sum(prod(view.size) for view in held) * header.frames * _resized_depth(header)
        encoder, file = _encoder(header, plan)
        files = sorted([*files, file])[-IN_FLIGHT:]
        peak = max(peak, pictures + encoder + sum(files))
    return peak


def _encoder(header: Header, plan: RenditionPlan) -> tuple[float, float]:
    """The memory of an encoder with its copies of the pictures, and the largest file that it may produce."""
    spec, border, pixels = plan.spec, plan.placement.has_border, prod(plan.size)
    figures = (SMALL_EFFORT if spec.effort == "small" else OUTPUT_PIXEL).get(plan.format, OUTPUT_PIXEL[plan.format])
    moving, further = header.frames > 1, header.frames - 1 if figures.frame else 0
    composed = border or spec.watermark or (spec.background and (header.has_transparency or moving))
    if plan.format is Format.PNG and _resized_depth(header) == 1 and not composed:
        figures = GREY_PNG
    covered = spec.background is not None and len(spec.background) == len("#rrggbb")
    each, file = figures.opaque, figures.opaque_file
    # A GIF's frame may cover only a part.
    if (header.has_transparency or (moving and header.format == "GIF")) and not covered:
        each, file = figures.transparent, figures.transparent_file
    elif moving:
        each += CANVAS  # every frame is converted from RGBA
    each += further * figures.frame
    if composed:
        each += CANVAS * (header.frames + 1)
    if spec.watermark:
        each += WATERMARK
    return ENCODER.get(plan.format, 0) + pixels * each, pixels * (1 + further) * file
