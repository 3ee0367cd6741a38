"""Plans of renditions, for tests that need some and not all of their fields."""

from __future__ import annotations

from typing import TYPE_CHECKING

from resizer.model import Format, Header, RenditionPlan
from resizer.planning.geometry import rendition_size, whole
from resizer.settings.rules import RenditionSpec

if TYPE_CHECKING:
    from collections.abc import Callable

    from resizer.planning.geometry import Placement

RECIPE = "a recipe"
PLAIN = RenditionSpec(name="plain", width=1000)


def rendition_plan(
    key: str, width: int, height: int, format_: Format = Format.JPEG, *, recipe: str = RECIPE
) -> RenditionPlan:
    """A rendition of a whole picture that is four times as large, named by its width."""
    return RenditionPlan(
        key=key,
        width=width,
        height=height,
        format=format_,
        placement=whole((4 * width, 4 * height), (width, height)),
        spec=RenditionSpec(name=str(width), width=width),
        recipe=recipe,
    )


def laid_out(placement: Placement, format_: Format, spec: RenditionSpec = PLAIN) -> RenditionPlan:
    """A rendition with this placement."""
    width, height = placement.canvas
    return RenditionPlan("key", width, height, format_, placement, spec, RECIPE)


def of_widths(*widths: int) -> Callable[[Header], list[RenditionPlan]]:
    """For `Limits`: renditions of these widths in the source's own format."""

    def planned(header: Header) -> list[RenditionPlan]:
        upright = header.upright_size
        sizes = dict.fromkeys(rendition_size(upright, width) for width in widths)
        return [laid_out(whole(upright, size), header.own_format) for size in sizes]

    return planned
