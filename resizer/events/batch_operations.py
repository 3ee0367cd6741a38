"""S3 Batch Operations, schema 1.0 and 2.0: tasks in, result codes out.

Source: S3 user guide, "Invoke AWS Lambda function"; Powertools' S3BatchOperationEvent for the new names in 2.0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote_plus

from resizer.errors import Reason
from resizer.events.unreadable import what_is_wrong
from resizer.model import SourceObject
from resizer.report import Outcome
from resizer.settings.environment import parse_widths

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from resizer.report import Report

MAX_RESULT_BYTES: Final = 1024
CODES: Final = {Outcome.FAILED: "TemporaryFailure", Outcome.REJECTED: "PermanentFailure"}


def answer(event: Mapping[str, Any], attempt: Callable[[SourceObject], Report]) -> dict[str, Any]:
    """Return one result per task, with a `resultString` for the job's report; an unreadable task fails."""
    return {
        "invocationSchemaVersion": event["invocationSchemaVersion"],
        "treatMissingKeysAs": "PermanentFailure",
        "invocationId": event.get("invocationId"),
        "results": [_result(task, event, attempt) for task in event["tasks"]],
    }


def _result(
    task: Mapping[str, Any], event: Mapping[str, Any], attempt: Callable[[SourceObject], Report]
) -> dict[str, Any]:
    try:
        source = _source(task, event)
    except (KeyError, TypeError, AttributeError, ValueError) as problem:
        code, text = "PermanentFailure", f"This task cannot be read: {what_is_wrong(problem)}."
    else:
        code, text = _result_of(attempt(source))
    return {
        "taskId": task.get("taskId") if isinstance(task, dict) else None,
        "resultCode": code,
        "resultString": text[:MAX_RESULT_BYTES],
    }


def _source(task: Mapping[str, Any], event: Mapping[str, Any]) -> SourceObject:
    """Keys are URL-encoded in both schemas; 2.0 has the bucket's name, 1.0 its ARN."""
    arguments = event.get("job", {}).get("userArguments") or {}
    version = task.get("s3VersionId")
    return SourceObject(
        bucket=str(task.get("s3Bucket") or task["s3BucketArn"].rpartition(":")[2]),
        key=unquote_plus(task["s3Key"], errors="strict"),
        version_id=version if version not in {"", "null"} else None,
        widths=_widths(arguments["widths"]) if "widths" in arguments else None,
    )


def _widths(text: str) -> tuple[int, ...]:
    try:
        return parse_widths(text)
    except ValueError as problem:
        raise ValueError(f"userArguments widths={text!r} {problem}") from problem


def _result_of(report: Report) -> tuple[str, str]:
    text = f"{report.outcome}: {report.detail}" if report.reason is None else f"{report.reason}: {report.detail}"
    if report.outcome is Outcome.RESIZED:
        text = "resized: " + ", ".join(rendition.plan.key for rendition in report.renditions)
    if report.reason is Reason.SOURCE_GONE:
        return "PermanentFailure", text
    return CODES.get(report.outcome, "Succeeded"), text
