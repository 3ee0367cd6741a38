"""Lambda's report of an invocation is parsed, as plain text or as JSON."""

import pytest

from bench.platform_report import read_report
from resizer.errors import UsageError
from tests.bench.live.function import COLD, WARM
from tests.support.platform_report import METRICS, platform_event

COLD_METRICS = {**METRICS, "initDurationMs": 299.5}


def test_a_report_line_is_parsed() -> None:
    """A REPORT line gives duration, billed duration, memory and, for a cold start, init duration."""
    cold, warm = read_report(COLD), read_report(WARM)
    assert (cold.duration_ms, cold.billed_ms, cold.max_memory_mb, cold.init_ms) == (812.34, 1112, 74, 299.5)
    assert (warm.duration_ms, warm.billed_ms, warm.max_memory_mb, warm.init_ms) == (120.1, 121, 80, None)


def test_a_json_log_gives_the_same_report() -> None:
    """In a JSON log the report is found among other events and the function's own lines."""
    before = 'cut off"}\n{"level":"INFO","type":"resized","message":"Done"}\n' + platform_event("start", requestId="1")
    cold = read_report(before + platform_event("report", requestId="1", metrics=COLD_METRICS, status="success"))
    assert cold == read_report(COLD)
    warm = read_report(platform_event("report", requestId="2", metrics=METRICS, status="success"))
    assert (warm.duration_ms, warm.init_ms) == (812.34, None)


@pytest.mark.parametrize("log", ["START RequestId: 1\n", platform_event("start", requestId="1"), "", "[1]\n"])
def test_a_log_without_a_report_is_an_error(log: str) -> None:
    """The error says which log level may be missing."""
    with pytest.raises(UsageError, match=r"has no report.*SystemLogLevel"):
        read_report(log)
