"""Records images that this function cannot resize, or forwards them to a function with more memory."""

import json
from typing import Any
from urllib.parse import quote_plus

from resizer.errors import Reason
from resizer.model import SourceObject
from resizer.report import Outcome, Report
from resizer.s3.clients import send
from resizer.settings import Settings


def report_rejection(report: Report, settings: Settings) -> None:
    """Send a rejection to the rejections queue, or forward the source to the large function, which makes it a skip.

    Raises `DeliveryError` and `OutOfTime` if sending fails.
    """
    if report.outcome is not Outcome.REJECTED:
        return
    if report.reason is Reason.NEEDS_MEMORY and settings.forwards(report.source):
        # Asynchronously: nobody pays for waiting, and Lambda retries.
        large, payload = settings.large_function, json.dumps(forwarded(report.source))
        send("lambda", "invoke", FunctionName=large, InvocationType="Event", Payload=payload)
        report.outcome, report.reason = Outcome.SKIPPED, Reason.HANDED_OVER
        report.detail = f"{report.detail} Handed over to {large}."
    elif settings.rejections_queue_url:
        message = {
            "bucket": report.source.bucket,
            "key": report.source.key,
            "etag": report.etag,
            "reason": str(report.reason),
            "detail": report.detail,
        }
        body = json.dumps(message)  # in ASCII: SQS refuses or replaces some characters that a key may have
        send("sqs", "send_message", QueueUrl=settings.rejections_queue_url, MessageBody=body)


def forwarded(source: SourceObject) -> dict[str, Any]:
    """The S3 notification for the large function, marked so that it is not forwarded again."""
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
