"""Which larger picture each one is made from, so that the source is decoded once and little is resized twice."""

from __future__ import annotations

from typing import TYPE_CHECKING

from resizer.model import OVERSAMPLING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from resizer.planning.geometry import Placement, Size, View


def largest_first(upright: Size, placements: Iterable[Placement]) -> list[Placement]:
    """In the order in which they are best made: each after what it can be made from, enlarged ones last."""

    def rank(placement: Placement) -> tuple[bool, Size, Size]:
        view = placement.view
        return not view.is_enlarged(), view.whole(upright), view.size

    return sorted(placements, key=rank, reverse=True)


def sources(upright: Size, views: Iterable[View]) -> dict[View, View | None]:
    """What each view is made from, in the order of `largest_first`: an earlier one, or (None) what was decoded."""
    chosen: dict[View, View | None] = {}
    for view in views:
        if view not in chosen:
            chosen[view] = cascade_source(upright, view, chosen)
    return chosen


def cascade_source(upright: Size, view: View, made: Collection[View]) -> View | None:
    """The smallest that shows all of the view and is enough larger, else the largest that is not smaller, or None."""
    width = view.whole(upright)[0]
    across = {each: each.whole(upright) for each in made if each.holds(view) and not each.is_enlarged()}
    enough = [each for each, whole in across.items() if whole[0] >= OVERSAMPLING * width]
    if enough:
        return min(enough, key=lambda each: (across[each], each.size))
    larger = [each for each, whole in across.items() if whole[0] >= width]
    return max(larger, key=lambda each: (across[each], each.size), default=None)
