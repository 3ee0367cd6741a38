"""Work is begun only where it can end in time."""

from __future__ import annotations

import pytest

from resizer.deadline import ENDING_SECONDS, MARGIN_SECONDS, MB_PER_CORE, Clock, seconds_to_decode
from resizer.errors import OutOfTime
from resizer.model import Header


def test_time_is_needed_beside_the_margin() -> None:
    """With less than the margin left, or than the work and the margin, `OutOfTime` is raised, to be tried again."""
    Clock(remaining=lambda: MARGIN_SECONDS + 5).need(4)
    with pytest.raises(OutOfTime) as raised:
        Clock(remaining=lambda: MARGIN_SECONDS + 5).need(6)
    assert raised.value.retryable


def test_without_a_limit_there_is_always_time() -> None:
    """Outside Lambda nothing runs out."""
    Clock().need(1e9)
    assert Clock().within(1e9) == 1e9


def test_requests_end_before_the_invocation() -> None:
    """A time-out is no longer than what is left beside the ending; with nothing left, no request begins."""
    clock = Clock(remaining=lambda: ENDING_SECONDS + 3)
    assert (clock.within(2), clock.within(5)) == (2, 3)
    with pytest.raises(OutOfTime):
        Clock(remaining=lambda: ENDING_SECONDS).within(5)


def test_a_decoder_that_cannot_be_stopped_is_reckoned_with() -> None:
    """WebP takes time by its pixels and the function's share of a core; JPEG is stopped while it reads."""
    webp = Header("WEBP", "RGBA", 4000, 4000)
    assert seconds_to_decode(Header("JPEG", "RGB", 4000, 4000), 128) == 0
    assert seconds_to_decode(webp, 128) == pytest.approx(seconds_to_decode(webp, MB_PER_CORE) * MB_PER_CORE / 128)
    assert seconds_to_decode(webp, 10_240) == seconds_to_decode(webp, None) > 0.5
