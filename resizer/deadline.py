"""The time left in the invocation, and the time that a decode will take."""

import math
import time
from typing import Final

from resizer.errors import OutOfTime
from resizer.formats import SOURCES
from resizer.model import Header

# Work stops this early: time for the running uploads, the answer and the log.
MARGIN_SECONDS: Final = 2.0
# Requests stop this early: time for the answer and the log.
ENDING_SECONDS: Final = 0.5
TOO_LATE: Final = "There is not enough time left; give the function a longer time-out or more memory."
# Lambda gives a whole core at this many MB, and proportionally less below (Lambda's developer guide, "memory").
MB_PER_CORE: Final = 1769

ends_at = math.inf  # when the invocation ends, by `time.monotonic`; the handler sets it


def remaining() -> float:
    """The seconds that are left of the invocation."""
    return ends_at - time.monotonic()


def need(seconds: float = 0) -> None:
    """Raise `OutOfTime` if fewer seconds are left for work."""
    if remaining() < seconds + MARGIN_SECONDS:
        raise OutOfTime(TOO_LATE)


def within(seconds: float, *, least: float = 0) -> float:
    """A time-out for a request: `seconds`, or what is left for requests if that is less.

    Raises `OutOfTime` if `least` seconds or fewer are left.
    """
    left = remaining() - ENDING_SECONDS
    if left <= least:
        raise OutOfTime(TOO_LATE)
    return min(seconds, left)


def seconds_to_decode(header: Header, function_memory: int | None) -> float:
    """The longest that decoding takes, in seconds, in a function with this many MB; 0 if it can be interrupted."""
    cores = min((function_memory or MB_PER_CORE) / MB_PER_CORE, 1)
    return header.pixels * SOURCES[header.format].seconds_per_pixel / cores
