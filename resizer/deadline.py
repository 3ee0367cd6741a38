"""The time that is left before the platform stops the function."""

from __future__ import annotations

import time
from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING, Final, TypeVar

from resizer.errors import OutOfTime

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from resizer.model import Header

Item = TypeVar("Item")

# Kept back for the answer, the log and the uploads in hand.
MARGIN_SECONDS: Final = 1.0
# Lambda gives a whole core from this many MB on, and a share in proportion below (Lambda's developer guide, "memory").
MB_PER_CORE: Final = 1769
# Decoders that cannot be stopped once they run: seconds of a whole core per pixel, measured on photos and rounded up.
# The others fetch their input bit by bit and are stopped there.
SECONDS_PER_PIXEL: Final = {
    "WEBP": 80e-9,
    "AVIF": 80e-9,
    "HEIF": 80e-9,
    "JPEG2000": 400e-9,
    "TIFF": 40e-9,
    "BMP": 80e-9,
}


@dataclass(frozen=True, slots=True)
class Deadline:
    """A moment on the monotonic clock, in seconds."""

    at: float = inf

    @classmethod
    def after(cls, milliseconds: float) -> Deadline:
        """The deadline of work that must be told of within so many milliseconds."""
        return cls(time.monotonic() + milliseconds / 1000 - MARGIN_SECONDS)

    def check(self, seconds: float = 0) -> None:
        """Raise `OutOfTime` where the time has run out, or will have after so many seconds of work."""
        if time.monotonic() + seconds > self.at:
            raise OutOfTime("There is not enough time left; give the function a longer time-out or more memory.")

    def each(self, items: Iterable[Item]) -> Iterator[Item]:
        """The items, each made only while there is time. Raises `OutOfTime`."""
        self.check()
        for item in items:
            yield item
            self.check()


def seconds_to_decode(header: Header, function_memory: int | None) -> float:
    """How long a decoder that cannot be stopped takes at the most, in seconds; 0 for the others."""
    cores = min((function_memory or MB_PER_CORE) / MB_PER_CORE, 1)
    return header.pixels * SECONDS_PER_PIXEL.get(header.format, 0) / cores
