"""What Lambda reports of an invocation at the end of its log, as text or as JSON."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any, Final

from resizer.errors import UsageError

FIELDS: Final = {
    "durationMs": r"(?<!Billed )(?<!Init )Duration: ([\d.]+) ms",
    "billedDurationMs": r"Billed Duration: (\d+) ms",
    "maxMemoryUsedMB": r"Max Memory Used: (\d+) MB",
    "initDurationMs": r"Init Duration: ([\d.]+) ms",
}


@dataclass(frozen=True, slots=True)
class Report:
    """One invocation: milliseconds and megabytes; `init_ms` where it was a cold start."""

    duration_ms: float
    billed_ms: int
    max_memory_mb: int
    init_ms: float | None


def read_report(log: str) -> Report:
    """The last report in the end of a log. Raises `UsageError` where there is none.

    That is a REPORT line where the function's log format is text. Where it is JSON it is a `platform.report` event, by
    the Lambda developer guide, "Telemetry API Event schema reference".
    """
    for line in reversed(log.splitlines()):
        metrics = _of_text(line) if line.startswith("REPORT ") else _of_json(line)
        if metrics:
            init = metrics.get("initDurationMs")
            return Report(
                float(metrics["durationMs"]),
                round(float(metrics["billedDurationMs"])),
                int(metrics["maxMemoryUsedMB"]),
                None if init is None else float(init),
            )
    raise UsageError(
        "The function's log ends without a report; its SystemLogLevel must be INFO or DEBUG where its LogFormat is"
        f" JSON. The log: {log[-200:]!r}."
    )


def _of_text(line: str) -> dict[str, Any]:
    return {name: found[1] for name, pattern in FIELDS.items() if (found := re.search(pattern, line))}


def _of_json(line: str) -> dict[str, Any] | None:
    try:
        event = json.loads(line)
    except ValueError:  # text, or the rest of a line whose beginning is cut off: a log's end is 4 KB
        return None
    if not isinstance(event, dict) or event.get("type") != "platform.report":
        return None
    metrics: dict[str, Any] = event["record"]["metrics"]
    return metrics
