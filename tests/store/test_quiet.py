"""Whoever takes renditions away waits for writes that look at no source, exactly as long as one may still follow."""

from __future__ import annotations

from dataclasses import replace

import pytest

from resizer.deadline import Clock
from resizer.errors import OutOfTime
from resizer.model import SourceObject
from resizer.settings import Settings
from resizer.store.quiet import UNVERIFIED_SECONDS, let_quick_writes_end

NOW = 1_700_000_000.0
FRESH = SourceObject("photos", "cat.jpg", time=NOW)


def wait_for(source: SourceObject, settings: Settings | None = None, begun: float = 0.0, left: float = 60.0) -> float:
    """The seconds that are waited, `begun` seconds after work on the event began."""
    waited: list[float] = []
    clock = Clock(remaining=lambda: left, now=lambda: NOW, monotonic=lambda: 5.0, sleep=waited.append)
    let_quick_writes_end(source, settings or Settings(), clock, 5.0 - begun)
    return sum(waited)


@pytest.mark.parametrize(
    ("age", "begun", "wait"),
    [
        (0.0, 0.0, 0.5),
        (-1.0, 0.0, 0.5),
        (0.4, 0.0, 0.5),
        (0.4, 0.2, 0.3),
        (0.7, 0.0, 0.3),
        (0.7, 0.4, 0.1),
        (0.0, 0.5, 0.0),
        (1.0, 0.0, 0.0),
        (3600.0, 0.0, 0.0),
    ],
)
def test_the_wait_ends_when_no_quick_write_can_follow(age: float, begun: float, wait: float) -> None:
    """It ends half a second after work began, or a second after the change by S3's clock, whichever comes first."""
    assert wait_for(replace(FRESH, time=NOW - age), begun=begun) == pytest.approx(wait)


def test_a_direct_request_waits_for_nothing() -> None:
    """Where the request tells of no change there is none to wait for."""
    assert wait_for(replace(FRESH, time=None)) == 0


@pytest.mark.parametrize(
    ("key", "wait"), [("a.JPG", 0.5), ("cat", 0), ("scan.tiff", 0), ("a.heic", 0), ("note.txt", 0)]
)
def test_where_every_writer_looks_there_is_no_wait(key: str, wait: float) -> None:
    """A key that tells of no format is written by nobody who does not look, unless the settings fix the formats."""
    assert wait_for(replace(FRESH, key=key)) == wait
    assert wait_for(replace(FRESH, key=key), Settings(formats=("webp",))) == UNVERIFIED_SECONDS


def test_without_the_time_to_wait_the_event_comes_back() -> None:
    """With too little time left for the wait and for what follows it, nothing is decided."""
    with pytest.raises(OutOfTime, match="to see the source settle"):
        wait_for(FRESH, left=1.4)
