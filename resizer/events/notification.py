"""S3 event notifications: plain, from EventBridge, or wrapped by SNS, SQS or Lambda's failure queue."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from resizer.errors import RecordsFailed, UnknownEvent
from resizer.events.records import UNREADABLE, from_eventbridge, from_s3, what_is_wrong
from resizer.report import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from resizer.model import SourceObject
    from resizer.report import Report

    Records = list[SourceObject | UnknownEvent]

JSON_TYPES: Final = {dict: "an object", list: "an array", str: "a text", bool: "true or false", type(None): "null"}
EXPECTED: Final = (
    'expected an S3 notification {"Records": [{"eventSource": "aws:s3", "s3": {...}}, ...]}, plain or through SNS or '
    'SQS, an S3 event from EventBridge, an S3 Batch Operations task, {"data": {"bucket": ..., "key": ...}} or '
    '{"warm": true}'
)


def read(event: Any) -> Records:
    """The objects that a notification names, in order; for an unreadable record what was expected and what came.

    None for `s3:TestEvent`, and for events that only keep the environment warm: `{"warm": true}`, or a schedule's.
    """
    match event:
        case {"Event": "s3:TestEvent"} | {"warm": True} | {"detail-type": "Scheduled Event"}:
            return []
        case {"Records": list(records)}:
            return [each for record in records for each in _record(record)]
        case {"source": "aws.s3", "detail": _}:
            return [_parsed(from_eventbridge, event)]
        case {"Type": "Notification", "Message": str(message)}:
            return read_message(message)  # as SNS wraps it for a queue without raw delivery
        case {"requestPayload": payload}:
            return read(payload)  # as Lambda wraps an event in the failure queue
        case _:
            fields = f" with the fields {sorted(map(str, event))}" if isinstance(event, dict) else ""
            return [_unknown(JSON_TYPES.get(type(event), "a number") + fields)]


def read_message(text: Any) -> Records:
    """The objects that a notification in JSON names."""
    try:
        event = json.loads(text)
    except (ValueError, TypeError, RecursionError):  # the last for thousands of brackets
        return [_unknown(f"a message that is not JSON: {str(text)[:60]!r}")]
    return read(event)


def answer(_: Any, results: Sequence[Report | UnknownEvent]) -> dict[str, Any]:
    """One result for each object. Raises `UnknownEvent` if a record cannot be read, `RecordsFailed` if one failed."""
    if unreadable := [str(each) for each in results if isinstance(each, UnknownEvent)]:
        raise UnknownEvent("; ".join(unreadable))
    reports = [each for each in results if not isinstance(each, UnknownEvent)]
    if failures := [str(each.detail) for each in reports if each.outcome is Outcome.FAILED]:
        raise RecordsFailed(f"{len(failures)} record(s) failed: " + "; ".join(failures))
    return {"results": [report.answer() for report in reports]}


def _record(record: Any) -> Records:
    match record:
        case {"eventSource": "aws:s3" | "minio:s3" | "ceph:s3"}:
            return [_parsed(from_s3, record)]
        case {"EventSource": "aws:sns", "Sns": {"Message": str(message)}}:
            return read_message(message)
        case dict():
            sender = record.get("eventSource") or record.get("EventSource")
            return [_unknown(f"a record whose eventSource is {sender!r}")]
        case _:
            return [_unknown(f"{JSON_TYPES.get(type(record), 'a number')} for a record")]


def _parsed(parse: Callable[[dict[str, Any]], SourceObject], record: dict[str, Any]) -> SourceObject | UnknownEvent:
    try:
        return parse(record)
    except UNREADABLE as problem:
        return _unknown(f"a record that cannot be read: {what_is_wrong(problem)}")


def _unknown(came: str) -> UnknownEvent:
    return UnknownEvent(f"{EXPECTED}; got {came}")
