"""Plans of renditions, for tests that need only some of their fields."""

from collections.abc import Callable, Iterable

from resizer.model import Format, Header, RenditionPlan
from resizer.planning.geometry import Placement, Size, View, place, rank, whole
from resizer.settings.rules import RenditionSpec

PLAIN = RenditionSpec(name="plain", width=1000)


def rendition_plan(key: str, width: int, height: int, format_: Format = Format.JPEG) -> RenditionPlan:
    """A rendition of a whole picture that is four times as large, named after its width."""
    return RenditionPlan(
        key=key,
        format=format_,
        placement=whole((4 * width, 4 * height), (width, height)),
        spec=RenditionSpec(name=str(width), width=width),
    )


def laid_out(placement: Placement, format_: Format, spec: RenditionSpec = PLAIN) -> RenditionPlan:
    """A rendition with this placement."""
    return RenditionPlan("key", format_, placement, spec)


def rendition_size(upright: Size, width: int) -> Size:
    """The size of the rendition with this width."""
    return place(upright, RenditionSpec(name=str(width), width=width)).canvas


def whole_view(upright: Size, size: Size) -> View:
    """The whole source at a size."""
    return whole(upright, size).view


def largest_first(upright: Size, placements: Iterable[Placement]) -> list[Placement]:
    """Placements in the order in which they are made."""
    return sorted(placements, key=lambda each: rank(upright, each), reverse=True)


def of_widths(*widths: int) -> Callable[[Header], list[RenditionPlan]]:
    """For `Limits`: plans renditions of these widths in the source's format."""

    def planned(header: Header) -> list[RenditionPlan]:
        upright = header.upright_size
        sizes = dict.fromkeys(rendition_size(upright, width) for width in widths)
        return [laid_out(whole(upright, size), header.own_format) for size in sizes]

    return planned
