"""Decides which larger picture each one is made from: the source is decoded only once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from resizer.model import OVERSAMPLING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from resizer.planning.geometry import Placement, Size, View


def rank(upright: Size, placement: Placement) -> tuple[bool, Size, Size]:
    """The place in the order of work, greatest first: each after the ones it can be made from, enlarged ones last."""
    view = placement.view
    return not view.is_enlarged(), view.whole(upright), view.size


def sources(upright: Size, views: Iterable[View]) -> dict[View, View | None]:
    """The view that each view is made from, for views in the order of `rank`; None is the decoded picture."""
    chosen: dict[View, View | None] = {}
    for view in views:
        if view not in chosen:
            chosen[view] = cascade_source(upright, view, chosen)
    return chosen


def cascade_source(upright: Size, view: View, made: Collection[View]) -> View | None:
    """The smallest one that contains the view and is large enough, else the largest that is not smaller, or None."""
    width = view.whole(upright)[0]
    sizes = {each: (each.whole(upright), each.size) for each in made if each.holds(view) and not each.is_enlarged()}
    larger = sorted((each for each in sizes if sizes[each][0][0] >= width), key=lambda each: sizes[each])
    enough = [each for each in larger if sizes[each][0][0] >= OVERSAMPLING * width]
    return enough[0] if enough else larger[-1] if larger else None
