"""The Lambda entry: set up once per environment, then events through the pipeline to the answer."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit

from resizer import clients, events, resample
from resizer.deadline import Deadline
from resizer.errors import OutOfTime, Reason, RecordsFailed, ResizerError
from resizer.pipeline import process
from resizer.report import Journal, Outcome, Report
from resizer.settings import Settings

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

    from resizer.model import SourceObject
    from resizer.s3 import S3

SERVICE = "resizer"
NAMESPACE = "Resizer"

logger = Logger(service=SERVICE)
metrics = Metrics(namespace=NAMESPACE, service=SERVICE)
settings = Settings.from_env(os.environ)
_environment = {"cold": True}
if resample.BACKEND == "pillow":
    logger.warning("cykooz-resizer is not installed for this platform: resizing with Pillow, which takes more CPU")


@logger.inject_lambda_context
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Resize what an event names and answer with one result per record.

    Every record is tried before anything is raised. Raises `RecordsFailed` where some could not be done but may
    be later, so that the event is sent again, and `UnknownEvent` for an event of another kind.
    """
    s3: S3 = clients.client("s3")
    deadline = Deadline.after(context.get_remaining_time_in_millis())
    reports, failures = [], []
    for source in events.sources(event):
        try:
            report = process(source, settings, s3, deadline)
        except ResizerError as problem:
            reason = Reason.OUT_OF_TIME if isinstance(problem, OutOfTime) else Reason.STORAGE
            report = _failed(source, reason, problem)
            failures.append(str(problem))
        except Exception as problem:
            logger.exception("unexpected error", extra={"bucket": source.bucket, "key": source.key})
            report = _failed(source, Reason.UNEXPECTED, problem)
            failures.append(f"{source.uri}: {problem!r}")
        _tell(report)
        reports.append(report)
    _measure(reports)
    if failures:
        raise RecordsFailed(failures)
    return {"results": [report.answer() for report in reports]}


def _failed(source: SourceObject, reason: Reason, problem: Exception) -> Report:
    return Journal(source).close(Outcome.FAILED, reason, str(problem))


def _tell(report: Report) -> None:
    """One structured line per source; a rejection is a warning, a failure an error."""
    levels = {Outcome.REJECTED: logger.warning, Outcome.FAILED: logger.error}
    levels.get(report.outcome, logger.info)(str(report.outcome), extra=report.log_fields())


def _measure(reports: list[Report]) -> None:
    """One line of metrics per invocation that did something; a skipped record would only be a line to pay for."""
    counted = [report for report in reports if report.outcome is not Outcome.SKIPPED]
    if not counted:
        return
    resized = [report for report in counted if report.outcome is Outcome.RESIZED]
    rejected = [report for report in counted if report.outcome is Outcome.REJECTED]
    metrics.add_metric("Images", MetricUnit.Count, len(resized))
    metrics.add_metric("Renditions", MetricUnit.Count, sum(len(report.renditions) for report in resized))
    metrics.add_metric("Rejected", MetricUnit.Count, len(rejected))
    metrics.add_metric("Failed", MetricUnit.Count, len(counted) - len(resized) - len(rejected))
    metrics.add_metric("BytesIn", MetricUnit.Bytes, sum(report.bytes_in for report in counted))
    metrics.add_metric("BytesOut", MetricUnit.Bytes, sum(report.bytes_out for report in resized))
    for report in counted:
        metrics.add_metric("ProcessingMs", MetricUnit.Milliseconds, report.total_ms)
    if _environment.pop("cold", False):
        metrics.add_metric("ColdStart", MetricUnit.Count, 1)
    metrics.flush_metrics()
    metrics.clear_metrics()  # which flushing leaves undone where metrics are disabled
    for report in rejected:
        by_reason = EphemeralMetrics(namespace=NAMESPACE, service=SERVICE)
        by_reason.add_dimension("reason", str(report.reason))
        by_reason.add_metric("Rejected", MetricUnit.Count, 1)
        by_reason.flush_metrics()
