"""Work starts only if it can end in time."""

import time

import pytest

from resizer import deadline
from resizer.deadline import ENDING_SECONDS, MARGIN_SECONDS, MB_PER_CORE, seconds_to_decode
from resizer.errors import OutOfTime
from resizer.model import Header


def test_work_needs_its_time_and_the_margin(monkeypatch: pytest.MonkeyPatch) -> None:
    """If less is left than the work and the margin, `need` raises `OutOfTime`, which is retryable."""
    monkeypatch.setattr(deadline, "remaining", lambda: MARGIN_SECONDS + 5)
    deadline.need(4)
    with pytest.raises(OutOfTime) as raised:
        deadline.need(6)
    assert raised.value.retryable


def test_without_a_limit_there_is_always_time() -> None:
    """Outside Lambda time never runs out."""
    deadline.need(1e9)
    assert deadline.within(1e9) == 1e9


def test_requests_end_before_the_invocation(monkeypatch: pytest.MonkeyPatch) -> None:
    """`within` shortens a time-out to end before the invocation, and raises if no time is left."""
    monkeypatch.setattr(deadline, "remaining", lambda: ENDING_SECONDS + 3)
    assert (deadline.within(2), deadline.within(5)) == (2, 3)
    monkeypatch.setattr(deadline, "remaining", lambda: ENDING_SECONDS)
    with pytest.raises(OutOfTime):
        deadline.within(5)


def test_remaining_counts_down(monkeypatch: pytest.MonkeyPatch) -> None:
    """`remaining` is the number of seconds until `ends_at`."""
    monkeypatch.setattr(deadline, "ends_at", time.monotonic() + 60)
    assert 59 < deadline.remaining() <= 60


def test_decode_time_is_estimated_for_decoders_that_cannot_be_stopped() -> None:
    """For WebP it depends on pixels and the share of a core; for JPEG it is 0, because reading can be stopped."""
    webp = Header("WEBP", "RGBA", 4000, 4000)
    assert seconds_to_decode(Header("JPEG", "RGB", 4000, 4000), 128) == 0
    assert seconds_to_decode(webp, 128) == pytest.approx(seconds_to_decode(webp, MB_PER_CORE) * MB_PER_CORE / 128)
    assert seconds_to_decode(webp, 10_240) == seconds_to_decode(webp, None) > 0.5
