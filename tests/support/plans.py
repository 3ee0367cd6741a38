"""Plans of renditions, for tests that need some and not all of their fields."""

from __future__ import annotations

from typing import TYPE_CHECKING

from resizer.memory.encoding import Planned
from resizer.model import Format, Header, RenditionPlan
from resizer.planning.geometry import rendition_size, whole
from resizer.settings.rules import RenditionSpec

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

RECIPE = "a recipe"


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


def of_widths(*widths: int, formats: Collection[Format] = ()) -> Callable[[Header], list[Planned]]:
    """For `Limits`: renditions of these widths in the source's own format, and in these."""

    def planned(header: Header) -> list[Planned]:
        upright = header.upright_size
        sizes = dict.fromkeys(rendition_size(upright, width) for width in widths)
        return [Planned(whole(upright, size), {header.own_format, *formats}) for size in sizes]

    return planned
