"""Reads the report that Lambda writes at the end of an invocation's log, as text or as JSON."""

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
    """One invocation, in milliseconds and megabytes. Only cold starts have `init_ms`."""

    duration_ms: float
    billed_ms: int
    max_memory_mb: int
    init_ms: float | None


def read_report(log: str) -> Report:
    """The last report in a log. Raises `UsageError` if there is none.

    With the log format Text it is a REPORT line. With JSON it is a `platform.report` event: see the Lambda developer
    guide, "Telemetry API Event schema reference".
    """
    for line in reversed(log.splitlines()):
        metrics = _parse_text(line) if line.startswith("REPORT ") else _parse_json(line)
        if metrics:
            init = metrics.get("initDurationMs")
            return Report(
                float(metrics["durationMs"]),
                round(float(metrics["billedDurationMs"])),
                int(metrics["maxMemoryUsedMB"]),
                None if init is None else float(init),
            )
    raise UsageError(
        "The function's log has no report. If its LogFormat is JSON, its SystemLogLevel must be INFO or DEBUG."
        f" The log ends with {log[-200:]!r}."
    )


def _parse_text(line: str) -> dict[str, Any]:
    return {name: found[1] for name, pattern in FIELDS.items() if (found := re.search(pattern, line))}


def _parse_json(line: str) -> dict[str, Any] | None:
    try:
        event = json.loads(line)
    except ValueError:  # text, or a line whose beginning is missing: Lambda returns the last 4 KB
        return None
    if not isinstance(event, dict) or event.get("type") != "platform.report":
        return None
    metrics: dict[str, Any] = event["record"]["metrics"]
    return metrics
