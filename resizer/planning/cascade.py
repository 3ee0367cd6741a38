"""Decides which larger picture each one is made from: the source is decoded only once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from resizer.model import OVERSAMPLING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from resizer.planning.geometry import Placement, Size, View


def largest_first(upright: Size, placements: Iterable[Placement]) -> list[Placement]:
    """Sort by the best order of work: each after the ones that it can be made from, enlarged ones last."""

    def rank(placement: Placement) -> tuple[bool, Size, Size]:
        view = placement.view
        return not view.is_enlarged(), view.whole(upright), view.size

    return sorted(placements, key=rank, reverse=True)


def sources(upright: Size, views: Iterable[View]) -> dict[View, View | None]:
    """The view that each view is made from, in the order of `largest_first`; None is the decoded picture."""
    chosen: dict[View, View | None] = {}
    for view in views:
        if view not in chosen:
            chosen[view] = cascade_source(upright, view, chosen)
    return chosen


def cascade_source(upright: Size, view: View, made: Collection[View]) -> View | None:
    """The smallest one that contains the view and is large enough, else the largest that is not smaller, or None."""
    width = view.whole(upright)[0]
    across = {each: each.whole(upright) for each in made if each.holds(view) and not each.is_enlarged()}
    enough = [each for each, whole in across.items() if whole[0] >= OVERSAMPLING * width]
    if enough:
        return min(enough, key=lambda each: (across[each], each.size))
    larger = [each for each, whole in across.items() if whole[0] >= width]
    return max(larger, key=lambda each: (across[each], each.size), default=None)
