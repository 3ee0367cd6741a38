"""What AWS charges beside Lambda and S3: `resizer.cli.bill`."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from resizer import handler
from resizer.cli.bill import ALARMS, DASHBOARDS, LOG_BYTES, METRICS, Stack, Trigger, trigger_line, whole_bill
from resizer.cli.cost import Usage, cost
from resizer.cli.cost_table import cheapest_trigger
from resizer.cli.prices import prices
from resizer.local.samples import samples
from resizer.local.trigger import LocalContext
from tests.conftest import BUCKET, notification
from tests.support.stack import of_type

if TYPE_CHECKING:
    from collections.abc import Iterator

KEY = "uploads/2026/05/landscape.jpg"
REQUEST = "0b5110cd-32ae-4a85-a477-449f5d524a0e"
TRACE = "Root=1-6a01e2f4-5a2f9b2c0d8e4f6a7b8c9d0e;Parent=53995c3f42cd8ad8;Sampled=1;Lineage=1:a87bd80c:0"
TRACING = {"spanId": "54565fb41ac79632", "type": "X-Amzn-Trace-Id", "value": TRACE}


@dataclass(frozen=True, slots=True)
class DeployedContext(LocalContext):
    """The context of a deployed function, whose names are long."""

    function_name: str = "photos-resizer-ResizeFunction-1A2B3C4D5E6F"
    invoked_function_arn: str = (
        "arn:aws:lambda:eu-central-1:123456789012:function:photos-resizer-ResizeFunction-1A2B3C4D5E6F:live"
    )


def platform_lines() -> list[str]:
    """What Lambda writes of an invocation at SystemLogLevel INFO, by its guide's "Telemetry API Event schema"."""
    start = {"requestId": REQUEST, "version": "12", "tracing": TRACING}
    metrics = {
        "durationMs": 118.331, "billedDurationMs": 119, "memorySizeMB": 1024, "maxMemoryUsedMB": 142,
    }  # fmt: skip
    report = {"requestId": REQUEST, "metrics": metrics, "tracing": TRACING, "status": "success"}
    events = [("platform.start", start), ("platform.report", report)]
    return [json.dumps({"time": "2026-05-11T10:00:00.000Z", "type": name, "record": each}) for name, each in events]


@pytest.fixture
def log(s3: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[list[str]]:
    """The lines that a warm invocation of the handler writes for an ordinary upload, metrics included."""
    monkeypatch.setenv("_X_AMZN_TRACE_ID", TRACE)
    monkeypatch.setenv("POWERTOOLS_METRICS_DISABLED", "false")
    etag = s3.put_object(Bucket=BUCKET, Key=KEY, Body=samples()["landscape.jpg"])["ETag"].strip('"')
    stream = io.StringIO()
    for each in handler.logger.handlers:
        monkeypatch.setattr(each, "stream", stream)
    handler._environment.pop("cold", None)
    handler.lambda_handler(notification(KEY, eTag=etag, sequencer="0055AED6DCD90281E5"), DeployedContext())  # type: ignore[arg-type] # as far as the handler looks
    yield [*stream.getvalue().splitlines(), *capsys.readouterr().out.splitlines()]
    for entry in s3.list_objects_v2(Bucket=BUCKET)["Contents"]:
        s3.delete_object(Bucket=BUCKET, Key=entry["Key"])


def test_log_bytes_are_those_of_a_real_invocation(log: list[str]) -> None:
    """The handler's line and its metrics, and the platform's two, are as many bytes as the bill counts."""
    assert len(log) == 2
    assert sum(len(line.encode()) + 1 for line in (*log, *platform_lines())) == pytest.approx(LOG_BYTES, rel=0.05)


def test_metrics_are_those_of_a_real_invocation(log: list[str]) -> None:
    """The bill counts each metric of the line, and ColdStart, which a first invocation adds."""
    (told,) = (json.loads(line)["_aws"]["CloudWatchMetrics"] for line in log if "_aws" in line)
    assert len({each["Name"] for group in told for each in group["Metrics"]} | {"ColdStart"}) == METRICS


def test_alarms_and_dashboards_are_those_of_the_template() -> None:
    """The bill counts what the template makes, by each trigger."""
    for trigger in Trigger:
        made = {"Trigger": str(trigger), "SourcePrefix": "in/"}
        assert len(of_type("AWS::CloudWatch::Alarm", **made)) == ALARMS[trigger]
        assert len(of_type("AWS::CloudWatch::Dashboard", **made)) == DASHBOARDS


@pytest.mark.parametrize(
    ("stack", "dollars"),
    [
        (Stack(Trigger.EVENTBRIDGE), 4.00),
        (Stack(Trigger.EVENTBRIDGE, renditions=6), 7.00),
        (Stack(Trigger.EVENTBRIDGE, own_output_bucket=True), 1.00),
        (Stack(Trigger.SQS), 3 * 0.40 + 0.648 * 0.40),
        (Stack(Trigger.S3), 0.00),
    ],
)
def test_triggers_by_hand(stack: Stack, dollars: float) -> None:
    """A million uploads: four events of EventBridge each, or three requests of SQS and the polls, or nothing."""
    assert trigger_line(stack, 1e6, prices()).dollars == pytest.approx(dollars)


def test_the_cheapest_trigger_is_named() -> None:
    """With few images SQS's polls cost more than EventBridge; with an output bucket S3 needs no prefix."""
    assert cheapest_trigger(1e4, Stack(), free_tier=False).endswith("$0.00; eventbridge $0.04, sqs $0.27.")
    told = cheapest_trigger(1e6, Stack(own_output_bucket=True), free_tier=False)
    assert told == "Cheapest trigger: s3 $0.00; eventbridge $1.00, sqs $1.46."


def test_an_event_bus_costs_an_event_an_image() -> None:
    """What is told on a bus is a line of its own, and none without a bus."""

    def told(*, event_bus: bool) -> list[float]:
        lines = whole_bill(cost(Usage(1e6, 512, 100), prices()), 1e6, Stack(event_bus=event_bus), prices())
        return [line.dollars for line in lines if line.label == "EventBridge events about images"]

    assert (told(event_bus=True), told(event_bus=False)) == ([1.00], [])


def test_traces_are_one_a_second_and_five_percent_of_the_others() -> None:
    """Up to 2.6 million images a month each may be traced; of more only a part, and with PassThrough none."""

    def traces(images: float, *, traced: bool = True) -> float:
        lines = whole_bill(cost(Usage(images, 512, 100), prices()), images, Stack(traced=traced), prices())
        return next(line.units for line in lines if line.label.startswith("X-Ray"))

    assert traces(1e6) == 1e6
    assert traces(10e6) == pytest.approx(2_592_000 + 0.05 * (10e6 - 2_592_000))
    assert traces(1e6, traced=False) == 0
