"""S3 event notifications: plain, from EventBridge, or wrapped by SNS, SQS or Lambda's failure queue."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from resizer.errors import RecordsFailed, UnknownEvent
from resizer.events import eventbridge, s3
from resizer.events.unreadable import kind, what_is_wrong
from resizer.model import SourceObject
from resizer.report import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable

    from resizer.report import Report

EXPECTED: Final = (
    'expected an S3 notification {"Records": [{"eventSource": "aws:s3", "s3": {...}}, ...]}, plain or through SNS or '
    'SQS, an S3 event from EventBridge, an S3 Batch Operations task, {"data": {"bucket": ..., "key": ...}} or '
    '{"warm": true}'
)


def answer(event: Any, attempt: Callable[[SourceObject], Report]) -> dict[str, Any]:
    """Try every object, then answer with one result for each.

    After trying all, raises `UnknownEvent` if a record cannot be read, and `RecordsFailed` if one must be retried.
    """
    parsed = read(event)
    reports = [attempt(each) for each in parsed if isinstance(each, SourceObject)]
    if unreadable := [str(each) for each in parsed if isinstance(each, UnknownEvent)]:
        raise UnknownEvent("; ".join(unreadable))
    failures = [str(report.detail) for report in reports if report.outcome is Outcome.FAILED]
    if failures:
        raise RecordsFailed(failures)
    return {"results": [report.answer() for report in reports]}


def sources(event: Any) -> list[SourceObject]:
    """The objects that a notification names, in order. Raises `UnknownEvent` for the first unreadable record."""
    found = []
    for each in read(event):
        if isinstance(each, UnknownEvent):
            raise each
        found.append(each)
    return found


def read(event: Any) -> list[SourceObject | UnknownEvent]:
    """The objects that a notification names, in order; none for `s3:TestEvent`.

    For each unreadable record the list contains an `UnknownEvent` that says what was expected and what came.
    """
    match event:
        case {"Event": "s3:TestEvent"}:
            return []
        case {"Records": list(records)}:
            return [parsed for record in records for parsed in _record(record)]
        case {"source": "aws.s3", "detail": _}:
            return [_parsed(eventbridge.source, event)]
        case {"Type": "Notification", "Message": str(message)}:
            return _message(message)  # as SNS wraps it for a queue without raw delivery
        case {"requestPayload": payload}:
            return read(payload)  # as Lambda wraps an event in the failure queue
        case _:
            fields = f" with the fields {sorted(map(str, event))}" if isinstance(event, dict) else ""
            return [_unknown(kind(event) + fields)]


def from_json(text: str) -> Any:
    """Parse a message. Raises `UnknownEvent` if it is not JSON."""
    try:
        return json.loads(text)
    except ValueError as problem:
        raise _unknown(f"a message that is not JSON: {text[:60]!r}") from problem


def _message(text: str) -> list[SourceObject | UnknownEvent]:
    try:
        return read(from_json(text))
    except UnknownEvent as problem:
        return [problem]


def _record(record: Any) -> list[SourceObject | UnknownEvent]:
    match record:
        case {"eventSource": "aws:s3" | "minio:s3" | "ceph:s3"}:
            return [_parsed(s3.source, record)]
        case {"EventSource": "aws:sns", "Sns": {"Message": str(message)}}:
            return _message(message)
        case dict():
            sender = record.get("eventSource") or record.get("EventSource")
            return [_unknown(f"a record whose eventSource is {sender!r}")]
        case _:
            return [_unknown(f"{kind(record)} for a record")]


def _parsed(parse: Callable[[dict[str, Any]], SourceObject], record: dict[str, Any]) -> SourceObject | UnknownEvent:
    try:
        return parse(record)
    except (KeyError, TypeError, AttributeError, ValueError) as problem:
        return _unknown(f"a record that cannot be read: {what_is_wrong(problem)}")


def _unknown(came: str) -> UnknownEvent:
    return UnknownEvent(f"{EXPECTED}; got {came}")
