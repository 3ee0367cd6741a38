"""The time left in the invocation, and the time that a decode will take."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeVar

from resizer.errors import OutOfTime
from resizer.formats import SOURCES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from resizer.model import Header

Item = TypeVar("Item")

# Work stops this early: time for the running uploads, the answer and the log.
MARGIN_SECONDS: Final = 2.0
# Requests stop this early: time for the answer and the log.
ENDING_SECONDS: Final = 0.5
TOO_LATE: Final = "There is not enough time left; give the function a longer time-out or more memory."
# Lambda gives a whole core at this many MB, and proportionally less below (Lambda's developer guide, "memory").
MB_PER_CORE: Final = 1769


@dataclass(frozen=True, slots=True)
class Clock:
    """The clock of one invocation: `remaining` returns the seconds that are left."""

    remaining: Callable[[], float] = lambda: math.inf

    def need(self, seconds: float = 0) -> None:
        """Raise `OutOfTime` if fewer seconds are left for work."""
        if self.remaining() < seconds + MARGIN_SECONDS:
            raise OutOfTime(TOO_LATE)

    def within(self, seconds: float, *, least: float = 0) -> float:
        """A time-out for a request: `seconds`, or what is left for requests if that is less.

        Raises `OutOfTime` if `least` seconds or fewer are left.
        """
        left = self.remaining() - ENDING_SECONDS
        if left <= least:
            raise OutOfTime(TOO_LATE)
        return min(seconds, left)

    def each(self, items: Iterable[Item]) -> Iterator[Item]:
        """Yield the items while there is time. Raises `OutOfTime`."""
        self.need()
        for item in items:
            yield item
            self.need()


def seconds_to_decode(header: Header, function_memory: int | None) -> float:
    """The longest that decoding takes, in seconds, in a function with this many MB; 0 if it can be interrupted."""
    cores = min((function_memory or MB_PER_CORE) / MB_PER_CORE, 1)
    return header.pixels * SOURCES[header.format].seconds_per_pixel / cores
