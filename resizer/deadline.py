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

# Kept back from work, for the uploads in hand, the answer and the log.
MARGIN_SECONDS: Final = 1.0
# What requests leave of it for the answer and the log.
ENDING_SECONDS: Final = 0.5
TOO_LATE: Final = "There is not enough time left; give the function a longer time-out or more memory."
# Lambda gives a whole core from this many MB on, and a share in proportion below (Lambda's developer guide, "memory").
MB_PER_CORE: Final = 1769


@dataclass(frozen=True, slots=True)
class Clock:
    """The time of one invocation: `remaining` says how many seconds it may still run."""

    remaining: Callable[[], float] = lambda: math.inf

    def need(self, seconds: float = 0) -> None:
        """Raise `OutOfTime` where fewer seconds of work are left than that, beside the margin."""
        if self.remaining() < seconds + MARGIN_SECONDS:
            raise OutOfTime(TOO_LATE)

    def within(self, seconds: float) -> float:
        """A request's time-out: so many seconds, or fewer that end in time. Raises `OutOfTime` where none are left."""
        if self.is_over:
            raise OutOfTime(TOO_LATE)
        return min(seconds, self.remaining() - ENDING_SECONDS)

    @property
    def is_over(self) -> bool:
        """Whether no request may begin any more, nor go on."""
        return self.remaining() <= ENDING_SECONDS

    def patience(self) -> float:
        """How long requests may be waited for that should have ended by then; half of the ending is left after it."""
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
