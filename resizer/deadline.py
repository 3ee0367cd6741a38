"""What is left of the invocation, and what a decode will take."""

from __future__ import annotations

import math
from dataclasses import dataclass
from threading import TIMEOUT_MAX
from typing import TYPE_CHECKING, Final, TypeVar

from resizer.errors import OutOfTime
from resizer.formats import SOURCES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from resizer.model import Header

Item = TypeVar("Item")

# Left for the uploads that are still running, the answer and the log when work stops.
MARGIN_SECONDS: Final = 2.0
# Left for the answer and the log when requests stop.
ENDING_SECONDS: Final = 0.5
TOO_LATE: Final = "There is not enough time left; give the function a longer time-out or more memory."
# Lambda gives a whole core from this many MB on, and a share in proportion below (Lambda's developer guide, "memory").
MB_PER_CORE: Final = 1769


@dataclass(frozen=True, slots=True)
class Clock:
    """The time of one invocation: `remaining` says how many seconds it may still run."""

    remaining: Callable[[], float] = lambda: math.inf

    def need(self, seconds: float = 0) -> None:
        """Raise `OutOfTime` where fewer seconds are left for work."""
        if self.remaining() < seconds + MARGIN_SECONDS:
            raise OutOfTime(TOO_LATE)

    def within(self, seconds: float, *, least: float = 0) -> float:
        """A time-out for a request: so many seconds, or fewer where less is left for requests.

        Raises `OutOfTime` where no more than `least` is left.
        """
        left = self.remaining() - ENDING_SECONDS
        if left <= least:
            raise OutOfTime(TOO_LATE)
        return min(seconds, left)

    @property
    def is_over(self) -> bool:
        """Whether no time is left for requests."""
        return self.remaining() <= ENDING_SECONDS

    def patience(self) -> float:
        """How long to wait for running requests, in seconds, leaving half of `ENDING_SECONDS`."""
        return max(0.0, min(self.remaining() - ENDING_SECONDS / 2, TIMEOUT_MAX))

    def each(self, items: Iterable[Item]) -> Iterator[Item]:
        """The items, each made only while there is time. Raises `OutOfTime`."""
        self.need()
        for item in items:
            yield item
            self.need()


def seconds_to_decode(header: Header, function_memory: int | None) -> float:
    """The most that decoding takes in a function of so many MB, in seconds; 0 where it can be stopped."""
    cores = min((function_memory or MB_PER_CORE) / MB_PER_CORE, 1)
    return header.pixels * SOURCES[header.format].seconds_per_pixel / cores
