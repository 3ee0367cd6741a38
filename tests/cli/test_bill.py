"""`resizer.cli.bill` adds what AWS charges beyond Lambda and S3."""

import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

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

KEY = "uploads/2026/05/landscape.jpg"
REQUEST = "0b5110cd-32ae-4a85-a477-449f5d524a0e"
TRACE = "Root=1-6a01e2f4-5a2f9b2c0d8e4f6a7b8c9d0e;Parent=53995c3f42cd8ad8;Sampled=1;Lineage=1:a87bd80c:0"
TRACING = {"spanId": "54565fb41ac79632", "type": "X-Amzn-Trace-Id", "value": TRACE}


@dataclass(frozen=True, slots=True)
class DeployedContext(LocalContext):
    """The context of a deployed function, with names as long as CloudFormation makes them."""

    function_name: str = "photos-resizer-ResizeFunction-1A2B3C4D5E6F"
    invoked_function_arn: str = (
        "arn:aws:lambda:eu-central-1:123456789012:function:photos-resizer-ResizeFunction-1A2B3C4D5E6F:live"
    )


def platform_lines() -> list[str]:
    """Lambda's own log lines at SystemLogLevel INFO, after the "Telemetry API Event schema" in its guide."""
    start = {"requestId": REQUEST, "version": "12", "tracing": TRACING}
    metrics = {
        "durationMs": 118.331, "billedDurationMs": 119, "memorySizeMB": 1024, "maxMemoryUsedMB": 142,
    }  # fmt: skip
    report = {"requestId": REQUEST, "metrics": metrics, "tracing": TRACING, "status": "success"}
    events = [("platform.start", start), ("platform.report", report)]
    return [json.dumps({"time": "2026-05-11T10:00:00.000Z", "type": name, "record": record}) for name, record in events]


@pytest.fixture
def log(s3: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[list[str]]:
    """The log lines and metrics that a warm invocation writes for an ordinary upload."""
    monkeypatch.setenv("_X_AMZN_TRACE_ID", TRACE)
    monkeypatch.setenv("POWERTOOLS_METRICS_DISABLED", "false")
    etag = s3.put_object(Bucket=BUCKET, Key=KEY, Body=samples()["landscape.jpg"])["ETag"].strip('"')
    stream = io.StringIO()
    for log_handler in handler.logger.handlers:
        monkeypatch.setattr(log_handler, "stream", stream)
    handler._environment.pop("cold", None)
    handler.lambda_handler(notification(KEY, eTag=etag, sequencer="0055AED6DCD90281E5"), DeployedContext())  # type: ignore[arg-type] # has all that the handler reads
    yield [*stream.getvalue().splitlines(), *capsys.readouterr().out.splitlines()]
    for entry in s3.list_objects_v2(Bucket=BUCKET)["Contents"]:
        s3.delete_object(Bucket=BUCKET, Key=entry["Key"])


def test_log_bytes_match_a_real_invocation(log: list[str]) -> None:
    """The bill's log bytes match the handler's line, its metrics and Lambda's two lines within 5 %."""
    assert len(log) == 2
    assert sum(len(line.encode()) + 1 for line in (*log, *platform_lines())) == pytest.approx(LOG_BYTES, rel=0.05)


def test_the_metric_count_matches_a_real_invocation(log: list[str]) -> None:
    """The bill counts every metric in the log line, and ColdStart, which a cold start adds."""
    (metrics,) = (json.loads(line)["_aws"]["CloudWatchMetrics"] for line in log if "_aws" in line)
    assert len({each["Name"] for group in metrics for each in group["Metrics"]} | {"ColdStart"}) == METRICS


def test_alarms_and_dashboards_match_the_template() -> None:
    """With each trigger, the bill counts the alarms and dashboards that the template creates."""
    for trigger in Trigger:
        parameters = {"Trigger": str(trigger), "SourcePrefix": "in/"}
        assert len(of_type("AWS::CloudWatch::Alarm", **parameters)) == ALARMS[trigger]
        assert len(of_type("AWS::CloudWatch::Dashboard", **parameters)) == DASHBOARDS


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
def test_the_trigger_costs_what_aws_charges_for_its_events(stack: Stack, dollars: float) -> None:
    """An upload is four EventBridge events, or three SQS requests and a share of the polls, or free with S3."""
    assert trigger_line(stack, 1e6, prices()).dollars == pytest.approx(dollars)


def test_the_cheapest_trigger_is_named() -> None:
    """With few images, polling SQS costs more than EventBridge; with an output bucket, S3 needs no prefix."""
    assert cheapest_trigger(1e4, Stack(), free_tier=False).endswith("$0.00; eventbridge $0.04, sqs $0.27.")
    line = cheapest_trigger(1e6, Stack(own_output_bucket=True), free_tier=False)
    assert line == "Cheapest trigger: s3 $0.00; eventbridge $1.00, sqs $1.46."


def test_an_event_bus_costs_one_event_per_image() -> None:
    """The bill has a line for events on a bus, and no such line without a bus."""

    def dollars(*, event_bus: bool) -> list[float]:
        lines = whole_bill(cost(Usage(1e6, 512, 100), prices()), 1e6, Stack(event_bus=event_bus), prices())
        return [line.dollars for line in lines if line.label == "EventBridge events about images"]

    assert (dollars(event_bus=True), dollars(event_bus=False)) == ([1.00], [])


def test_one_image_a_second_is_traced_and_five_percent_of_the_rest() -> None:
    """X-Ray traces up to 2.6 million images a month, 5 % of those above, and none with PassThrough."""

    def traces(images: float, *, traced: bool = True) -> float:
        lines = whole_bill(cost(Usage(images, 512, 100), prices()), images, Stack(traced=traced), prices())
        return next(line.units for line in lines if line.label.startswith("X-Ray"))

    assert traces(1e6) == 1e6
    assert traces(10e6) == pytest.approx(2_592_000 + 0.05 * (10e6 - 2_592_000))
    assert traces(1e6, traced=False) == 0
