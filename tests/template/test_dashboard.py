"""Each field in the dashboard's query is in a real log line."""

import json
import re
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from resizer import handler
from tests.conftest import BUCKET, context, notification
from tests.support.pictures import photo_like, saved
from tests.support.platform_report import METRICS, platform_event
from tests.support.stack import properties

KEYWORDS = {"filter", "or", "fields", "as", "stats", "sum", "count", "by", "bin", "ispresent", "SOURCE"}


def cost_query() -> str:
    """The Logs Insights query of the cost widget, without its SOURCE."""
    widgets = json.loads(properties("Dashboard")["DashboardBody"])["widgets"]
    (query,) = (each["properties"]["query"] for each in widgets if each["type"] == "log")
    return " | ".join(part for part in query.split(" | ") if not part.startswith("SOURCE"))


def fields(line: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """The fields that Logs Insights discovers in a JSON line: `a.b` for objects, `a.0` for lists.

    Source: CloudWatch Logs user guide, "Supported logs and discovered fields".
    """
    if isinstance(line, dict | list):
        for name, value in line.items() if isinstance(line, dict) else enumerate(line):
            yield from fields(value, f"{path}.{name}" if path else str(name))
    else:
        yield path, line


@pytest.fixture
def metrics_line(s3: Any, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The metrics line that the handler prints for one upload."""
    monkeypatch.setenv("POWERTOOLS_METRICS_DISABLED", "false")
    s3.put_object(Bucket=BUCKET, Key="cat.jpg", Body=saved(photo_like(1200, 800)))
    handler.lambda_handler(notification("cat.jpg"), context())
    sys.stdout.flush()
    lines = [json.loads(line) for line in capfd.readouterr().out.splitlines() if "_aws" in line]
    return next(line for line in lines if "Images" in line)


def test_every_field_of_the_cost_query_is_in_a_real_line(metrics_line: dict[str, Any]) -> None:
    """The query's fields are numbers in our metrics line or in Lambda's report."""
    report = json.loads(platform_event("report", requestId="1", metrics=METRICS))
    logged = dict(fields(report)) | dict(fields(metrics_line))
    query = cost_query()
    words = set(re.findall(r"(?<![\w.])[A-Za-z][\w.]*", re.sub(r"'[^']*'", "", query)))
    names = words - KEYWORDS - set(re.findall(r" as (\w+)", query))
    assert names == {"type", "Images.0", "record.metrics.billedDurationMs", "record.metrics.memorySizeMB"}
    assert names <= logged.keys()
    assert all(isinstance(logged[name], int | float) for name in names - {"type"})
    assert re.findall(r"type = '([^']*)'", query) == [report["type"]]
