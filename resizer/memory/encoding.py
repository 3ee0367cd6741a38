"""How much memory it takes to compose and encode renditions, beside the pictures that they are made from.

All figures are in bytes. Those per output pixel are in each rendition format's class.
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
# Bytes per output pixel where the usual figures of a format do not fit.
GREY_PNG: Final = EncoderMemory(1 * MB, 1.2, 1.2, 0, 1.1, 1.1)
PALETTE_KEPT: Final = 14  # of a GIF at its own size, which keeps its palette
COMPOSED: Final = 4  # of a picture that has transparency of one kind only: none, or a border of it
# Outputs that are in memory at once: two that are being written, and the one that is made.
IN_FLIGHT: Final = 3


class Planned(NamedTuple):
    """A rendition to make: `formats` are what it is written in, `colour` is its background (RGB or RGBA).

    `mark_width` is the width of its watermark as a fraction of its own, 0 without one.
    """

    placement: Placement
    formats: Collection[Format]
    colour: tuple[int, ...] | None = None
    mark_width: float = 0
    effort: str = "balanced"

    @classmethod
    def of(cls, plan: RenditionPlan, watermarks: Mapping[str, Watermark]) -> Planned:
        """What the memory plan has to know of a rendition."""
        colour = ImageColor.getrgb(plan.spec.background) if plan.spec.background else None
        mark = watermarks.get(plan.spec.watermark or "")
        return cls(plan.placement, (plan.format,), colour, mark.width if mark else 0, plan.spec.effort)

    @property
    def is_composed(self) -> bool:
        """Whether it is a copy of its view with something around or over it."""
        return self.placement.has_border or self.mark_width > 0

    @property
    def is_opaque(self) -> bool:
        """Whether its background lets nothing through."""
        return self.colour is not None and self.colour[3:] in {(), (255,)}


def bytes_per_pixel(header: Header) -> int:
    """Bytes per pixel of what is resampled."""
    grey = header.mode in {"1", "L", "I", "F"} or header.mode.startswith("I;16")
    return 1 if grey and not header.has_transparency and header.frames == 1 else 4


def encoding_needed(header: Header, planned: Sequence[Planned], made_from: Mapping[View, View | None]) -> int:
    """The most while any is written: what is there of the views, the hungriest encoder, and the largest files so far.

    Files of one size may be kept for the next.
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
    """Whether pictures have a channel for it, which every frame of an animation has."""
    return header.has_transparency or header.frames > 1


def _composing(header: Header, planned: Planned) -> float:
    """Canvases with their pictures, and the watermark, which is no higher than they are."""
    canvas = 4 * prod(planned.placement.canvas)
    grey = canvas // 4 if bytes_per_pixel(header) == 1 and planned.mark_width else 0  # a copy that gets colours then
    copies = header.frames * canvas if planned.is_composed or (planned.colour and _has_alpha(header)) else 0
    return copies + grey + min(1, planned.mark_width) * canvas


def _encoder(format_: Format, header: Header, planned: Planned) -> tuple[float, float]:
    """What an encoder holds beside the pictures of this size, and the largest file that it makes of them.

    The border is of one colour, and takes no bytes of a file worth counting.
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
