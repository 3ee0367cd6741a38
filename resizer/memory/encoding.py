"""Predicts the memory for composing and encoding renditions.

All figures are in bytes. The bytes per output pixel are in each rendition format's class.
"""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Final, NamedTuple

from PIL import ImageColor

from resizer.formats import RENDITIONS
from resizer.formats.base import EncoderMemory
from resizer.model import Format

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from resizer.model import Header, RenditionPlan
    from resizer.planning.geometry import Placement, View
    from resizer.settings.rules import Watermark

MB: Final = 1_048_576
# Bytes per output pixel in cases where a format's usual figures do not fit.
GREY_PNG: Final = EncoderMemory(1 * MB, 1.2, 1.2, 0, 1.1, 1.1)
PALETTE_KEPT: Final = 14  # a GIF at its own size keeps its palette
COMPOSED: Final = 4  # a picture without transparency, or with a transparent border only
# Outputs in memory at once: two that are being written, and the one that is being made.
IN_FLIGHT: Final = 3


class Planned(NamedTuple):
    """A rendition to make in some `formats`; `colour` is its background (RGB or RGBA).

    `mark_width` is its watermark's width as a fraction of its own, 0 without one.
    """

    placement: Placement
    formats: Collection[Format]
    colour: tuple[int, ...] | None = None
    mark_width: float = 0
    effort: str = "balanced"

    @classmethod
    def of(cls, plan: RenditionPlan, watermarks: Mapping[str, Watermark]) -> Planned:
        """The properties of a rendition that the memory plan needs."""
        colour = ImageColor.getrgb(plan.spec.background) if plan.spec.background else None
        mark = watermarks.get(plan.spec.watermark or "")
        return cls(plan.placement, (plan.format,), colour, mark.width if mark else 0, plan.spec.effort)

    @property
    def is_composed(self) -> bool:
        """Whether it is a copy of its view with something around or over it."""
        return self.placement.has_border or self.mark_width > 0

    @property
    def is_opaque(self) -> bool:
        """Whether its background is opaque."""
        return self.colour is not None and self.colour[3:] in {(), (255,)}


def bytes_per_pixel(header: Header) -> int:
    """Bytes per pixel of the pictures to resize."""
    grey = header.mode in {"1", "L", "I", "F"} or header.mode.startswith("I;16")
    return 1 if grey and not header.has_transparency and header.frames == 1 else 4


def encoding_needed(header: Header, planned: Sequence[Planned], made_from: Mapping[View, View | None]) -> int:
    """The peak while any rendition is encoded: views in memory, the hungriest encoder, and the largest files so far.

    A file may be kept for a later rendition that is identical.
    """
    most, files = 0.0, list[float]()
    views = [each.placement.view for each in planned]
    for number, each in enumerate(planned):
        later = views[number + 1 :]
        first = {view for view in later if made_from[view] is None}
        needed = {before for view in later if (before := made_from[view]) and before in views[: number + 1]}
        held = (
            sum(prod(view.size) for view in {views[number]} | first | needed) * header.frames * bytes_per_pixel(header)
        )
        encoders = [_encoder(format_, header, each) for format_ in each.formats]
        files = sorted(files + [file for _, file in encoders], reverse=True)[: max(IN_FLIGHT, len(each.formats))]
        most = max(most, held + _composing(header, each) + max(beside for beside, _ in encoders) + sum(files))
    return round(most)


def _has_alpha(header: Header) -> bool:
    """Whether pictures have an alpha channel; every frame of an animation has one."""
    return header.has_transparency or header.frames > 1


def _composing(header: Header, planned: Planned) -> float:
    """The canvases, and the watermark, which is never larger than one."""
    canvas = 4 * prod(planned.placement.canvas)
    grey = canvas // 4 if bytes_per_pixel(header) == 1 and planned.mark_width else 0  # copied, to get colours
    copies = header.frames * canvas if planned.is_composed or (planned.colour and _has_alpha(header)) else 0
    return copies + grey + min(1, planned.mark_width) * canvas


def _encoder(format_: Format, header: Header, planned: Planned) -> tuple[float, float]:
    """An encoder's memory in addition to its pictures, and the largest file that it may produce.

    A border has one colour and adds almost nothing to the file.
    """
    size, composed = planned.placement.canvas, planned.is_composed
    grey = bytes_per_pixel(header) == 1 and not composed
    figures = GREY_PNG if format_ is Format.PNG and grey else RENDITIONS[format_].memory_at(planned.effort)
    further = header.frames - 1 if figures.frame else 0
    # A GIF's frame may cover only a part.
    moving = header.format == "GIF" and header.frames > 1
    transparent = (header.has_transparency or moving) and not planned.is_opaque
    opaque = figures.opaque + COMPOSED * (further > 0)
    one = figures.transparent if transparent else opaque
    border = prod(size) - prod(planned.placement.view.size)
    if border and not planned.is_opaque and not transparent:
        one = min(figures.transparent, figures.opaque + COMPOSED)
    if format_ is Format.GIF and header.mode == "P" and not further and size == header.upright_size and not composed:
        one = PALETTE_KEPT
    file = figures.transparent_file if transparent else figures.opaque_file
    shown = prod(size) - border
    beside = shown * one + border * min(one, figures.opaque + COMPOSED) + prod(size) * further * figures.frame
    return figures.fixed + beside, shown * (1 + further) * file
