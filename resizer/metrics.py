"""Writes the CloudWatch metrics of an invocation as one line of EMF."""

import os
from collections.abc import Sequence
from typing import Final

from aws_lambda_powertools import Metrics
from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit

from resizer.report import Outcome, Report

SERVICE: Final = os.environ.get("POWERTOOLS_SERVICE_NAME") or "resizer"
NAMESPACE: Final = "Resizer"
metrics = Metrics(namespace=NAMESPACE, service=SERVICE)


def measure(reports: Sequence[Report], *, cold: bool) -> None:
    """Write one line of metrics per invocation, and one per rejection with its reason.

    A warm invocation that only skipped records writes none: CloudWatch charges for every line.
    """
    counted = [report for report in reports if report.outcome is not Outcome.SKIPPED]
    if not (counted or cold):
        return
    resized, rejected, removed, failed = (
        [report for report in counted if report.outcome is outcome]
        for outcome in (Outcome.RESIZED, Outcome.REJECTED, Outcome.REMOVED, Outcome.FAILED)
    )
    metrics.add_metric("Images", MetricUnit.Count, len(resized))
    metrics.add_metric("Renditions", MetricUnit.Count, sum(len(report.renditions) for report in resized))
    for name, those in (("Rejected", rejected), ("Removed", removed), ("Failed", failed)):
        metrics.add_metric(name, MetricUnit.Count, len(those))
    metrics.add_metric("BytesIn", MetricUnit.Bytes, sum(report.bytes_in for report in counted))
    metrics.add_metric("BytesOut", MetricUnit.Bytes, sum(report.bytes_out for report in resized))
    for report in counted:
        metrics.add_metric("ProcessingMs", MetricUnit.Milliseconds, report.total_ms)
    if cold:
        metrics.add_metric("ColdStart", MetricUnit.Count, 1)
    metrics.flush_metrics()
    metrics.clear_metrics()  # flushing does not clear them if metrics are disabled
    for report in rejected:
        by_reason = EphemeralMetrics(namespace=NAMESPACE, service=SERVICE)
        by_reason.add_dimension("reason", str(report.reason))
        by_reason.add_metric("Rejected", MetricUnit.Count, 1)
        by_reason.flush_metrics()
