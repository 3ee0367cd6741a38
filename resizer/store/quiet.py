"""Quick writes, which cost no look at their source, and the wait that whoever takes renditions away owes them.

A writer of new renditions sees in its GET that the source stands, and nothing that tells it of a change after that. It
looks once more when it has written, unless it has been quick (less than `UNVERIFIED_SECONDS` from before the GET) and
whoever comes later meets what it wrote. So every write that nobody verifies is over that long after the source was
deleted or replaced, and whoever then looks sees it.

The wait cannot be saved by looking: what S3 shows of a source whose quick write is on its way is exactly what it shows
of one that never had renditions. It can be shortened, and then more uploads cost a HEAD.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from resizer.errors import OutOfTime
from resizer.planning.outputs import tells_format

if TYPE_CHECKING:
    from resizer.deadline import Clock
    from resizer.model import SourceObject
    from resizer.settings import Settings

UNVERIFIED_SECONDS: Final = 0.5  # ordinary pictures take 0.1 to 0.4 (docs/benchmark.md)
CLOCKS_APART_SECONDS: Final = 0.5  # at most, S3's and ours
END_SECONDS: Final = 1.0  # what is left of an invocation after a wait must do for the requests that follow


def let_quick_writes_end(source: SourceObject, settings: Settings, clock: Clock, begun: float) -> None:
    """Wait until no quick write can follow of what stood before an event's change. Raises `OutOfTime`.

    `begun` is when work on the event began, by `clock.monotonic`: its change was over by then, whatever the clocks say.
    A direct request tells of no change, for the upload that it is about has an event of its own. Where a key tells of
    no format every writer looks at the source, so there is nothing to wait for.
    """
    always_verified = "source" in settings.formats and not tells_format(source.key)
    if source.time is None or always_verified:
        return
    since_change = max(clock.now() - CLOCKS_APART_SECONDS - source.time, clock.monotonic() - begun)
    wait = UNVERIFIED_SECONDS - since_change
    if wait <= 0:
        return
    if clock.remaining() < wait + END_SECONDS:
        raise OutOfTime("Too little time is left to see the source settle.")
    clock.sleep(wait)
