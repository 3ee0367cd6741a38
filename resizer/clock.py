"""Time, as an invocation sees it."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeVar

from resizer.errors import OutOfTime

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

Item = TypeVar("Item")

# Kept back for the answer, the log and the uploads in hand.
MARGIN_SECONDS: Final = 1.0


@dataclass(frozen=True, slots=True)
class Clock:
    """Clocks in seconds; `remaining` says how long the invocation may still run."""

    remaining: Callable[[], float] = lambda: math.inf
    now: Callable[[], float] = time.time
    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep

    def need(self, seconds: float = 0) -> None:
        """Raise `OutOfTime` where fewer seconds of work are left than that, beside the margin."""
        if self.remaining() < seconds + MARGIN_SECONDS:
            raise OutOfTime("There is not enough time left; give the function a longer time-out or more memory.")

    def each(self, items: Iterable[Item]) -> Iterator[Item]:
        """The items, each made only while there is time. Raises `OutOfTime`."""
        self.need()
        for item in items:
            yield item
            self.need()
