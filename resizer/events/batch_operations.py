"""S3 Batch Operations, schema 1.0 and 2.0: tasks in, result codes out.

Source: S3 user guide, "Invoke AWS Lambda function"; Powertools' S3BatchOperationEvent for the new names in 2.0.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Final
from urllib.parse import unquote_plus

from resizer.errors import Reason, UnknownEvent
from resizer.events.notification import parsed, widths
from resizer.model import SourceObject
from resizer.report import Outcome, Report

MAX_RESULT_BYTES: Final = 1024
CODES: Final = {Outcome.FAILED: "TemporaryFailure", Outcome.REJECTED: "PermanentFailure"}


def read(event: Mapping[str, Any]) -> list[SourceObject | UnknownEvent]:
    """The object of each task, or an `UnknownEvent`."""
    return [parsed(partial(_source, event), task) for task in event["tasks"]]


def answer(event: Mapping[str, Any], results: Sequence[Report | UnknownEvent]) -> dict[str, Any]:
    """Return one result per task, with a `resultString` for the job's report."""
    answers = []
    for task, result in zip(event["tasks"], results, strict=True):
        code, text = _result(result)
        task_id = task.get("taskId") if isinstance(task, dict) else None
        answers.append({"taskId": task_id, "resultCode": code, "resultString": text[:MAX_RESULT_BYTES]})
    return {
        "invocationSchemaVersion": event["invocationSchemaVersion"],
        "treatMissingKeysAs": "PermanentFailure",
        "invocationId": event.get("invocationId"),
        "results": answers,
    }


def _source(event: Mapping[str, Any], task: Any) -> SourceObject:
    """Keys are URL-encoded in both schemas; 2.0 has the bucket's name, 1.0 its ARN."""
    arguments = event.get("job", {}).get("userArguments") or {}
    version = task.get("s3VersionId")
    return SourceObject(
        bucket=str(task.get("s3Bucket") or task["s3BucketArn"].rpartition(":")[2]),
        key=unquote_plus(task["s3Key"], errors="strict"),
        version_id=version if version not in {"", "null"} else None,
        widths=widths(arguments.get("widths"), "userArguments widths"),
    )


def _result(result: Report | UnknownEvent) -> tuple[str, str]:
    if isinstance(result, UnknownEvent):
        return "PermanentFailure", str(result)
    if result.outcome is Outcome.RESIZED:
        return "Succeeded", "resized: " + ", ".join(each.plan.key for each in result.renditions)
    code = "PermanentFailure" if result.reason is Reason.SOURCE_GONE else CODES.get(result.outcome, "Succeeded")
    return code, f"{result.reason or result.outcome}: {result.detail}"
