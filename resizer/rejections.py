"""Records images that this function cannot resize, or hands them over to a function with more memory."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import quote_plus

from resizer.errors import Reason
from resizer.report import Outcome
from resizer.s3.clients import send

if TYPE_CHECKING:
    from resizer.model import SourceObject
    from resizer.report import Report
    from resizer.settings import Settings


def report_rejection(report: Report, settings: Settings) -> Report:
    """Send a rejection to the rejections queue, or hand the source over to the large function.

    Returns the report, changed if the source was handed over. Raises `DeliveryError` if sending fails.
    """
    if report.outcome is not Outcome.REJECTED:
        return report
    if report.reason is Reason.NEEDS_MEMORY and settings.large_function and settings.forwards(report.source):
        return _hand_over(report, settings.large_function)
    if settings.rejections_queue_url:
        message = json.dumps(rejection(report), ensure_ascii=False)
        send("sqs", "send_message", QueueUrl=settings.rejections_queue_url, MessageBody=message)
    return report


def rejection(report: Report) -> dict[str, Any]:
    """The message in the rejections queue."""
    return {
        "bucket": report.source.bucket,
        "key": report.source.key,
        "etag": report.etag,
        "reason": str(report.reason),
        "detail": report.detail,
    }


def handed_over(source: SourceObject) -> dict[str, Any]:
    """The S3 notification for the large function, marked so that it is not handed over again."""
    optional = {"eTag": source.etag, "size": source.size, "sequencer": source.sequencer, "versionId": source.version_id}
    stored = {"key": quote_plus(source.key), **{name: value for name, value in optional.items() if value is not None}}
    record = {
        "eventVersion": "2.1",
        "eventSource": "aws:s3",
        "eventName": "ObjectCreated:HandedOver",
        "s3": {"bucket": {"name": source.bucket}, "object": stored},
        "resizer": {"handedOver": True, "widths": source.widths},
    }
    return {"Records": [record]}


def _hand_over(report: Report, function: str) -> Report:
    """Invoke asynchronously: nobody pays for waiting, and Lambda retries for us."""
    payload = json.dumps(handed_over(report.source))
    send("lambda", "invoke", FunctionName=function, InvocationType="Event", Payload=payload)
    detail = f"{report.detail} Handed over to {function}."
    return replace(report, outcome=Outcome.SKIPPED, reason=Reason.HANDED_OVER, detail=detail)
