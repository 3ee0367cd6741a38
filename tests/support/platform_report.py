"""Lambda's own log events about an invocation, as JSON."""

import json
from typing import Any

# As in Lambda's developer guide, "Telemetry API Event schema reference", platform.report.
METRICS = {"durationMs": 812.34, "billedDurationMs": 1112, "memorySizeMB": 256, "maxMemoryUsedMB": 74}


def platform_event(kind: str, **record: Any) -> str:
    """One event as a line of the log."""
    return json.dumps({"time": "2026-11-21T10:00:00.000Z", "type": f"platform.{kind}", "record": record}) + "\n"
