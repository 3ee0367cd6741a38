"""S3 event notifications: plain, from EventBridge, or wrapped by SNS, SQS or Lambda's failure queue.

Source: S3 user guide, "Event message structure" and "EventBridge event message structure".
"""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final
from urllib.parse import unquote_plus

from resizer.errors import RecordsFailed, UnknownEvent
from resizer.model import Change, SourceObject
from resizer.report import Outcome, Report
from resizer.settings.environment import parse_widths

Records = list[SourceObject | UnknownEvent]
EXPECTED: Final = (
    'expected an S3 notification {"Records": [{"eventSource": "aws:s3", "s3": {...}}, ...]}, plain or through SNS or '
    'SQS, an S3 event from EventBridge, an S3 Batch Operations task, {"data": {"bucket": ..., "key": ...}} or '
    '{"warm": true}'
)
# A restored object can be read again, so it is treated like a new one.
CREATIONS: Final = ("ObjectCreated:", "ObjectRestore:Completed", "Object Created", "Object Restore Completed")
REMOVALS: Final = ("ObjectRemoved:", "LifecycleExpiration:", "Object Deleted")


def read(event: Any) -> Records:
    """The objects that a notification names, in order; an `UnknownEvent` for a record that cannot be read.

    Empty for `s3:TestEvent`, and for events that only keep the environment warm: `{"warm": true}`, or a schedule's.
    """
    match event:
        case {"Event": "s3:TestEvent"} | {"warm": True} | {"detail-type": "Scheduled Event"}:
            return []
        case {"Records": list(records)}:
            return [each for record in records for each in _record(record)]
        case {"source": "aws.s3", "detail": _}:
            return [parsed(_from_eventbridge, event)]
        case {"Type": "Notification", "Message": str(message)}:
            return read_message(message)  # as SNS wraps it for a queue without raw delivery
        case {"requestPayload": payload}:
            return read(payload)  # as Lambda wraps an event in the failure queue
        case _:
            fields = f"the fields {sorted(map(str, event))}" if isinstance(event, dict) else None
            return [_unknown(fields or json.dumps(event)[:60])]


def read_message(text: Any) -> Records:
    """The objects that a JSON notification names."""
    try:
        event = json.loads(text)
    except (ValueError, TypeError, RecursionError):  # RecursionError: thousands of brackets
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


def parsed(parse: Callable[[Any], SourceObject], record: Any) -> SourceObject | UnknownEvent:
    """The object that a record names, or an `UnknownEvent` that says what is wrong with the record."""
    try:
        return parse(record)
    except KeyError as problem:
        why = f"the field {problem.args[0]} is missing"
    except UnicodeError:
        why = "its key is not UTF-8"
    except ValueError as problem:
        why = str(problem)
    except (TypeError, AttributeError):
        why = "a field has another type than in AWS's events"
    return UnknownEvent(f"A record cannot be read: {why}.")


def widths(value: object, name: str) -> tuple[int, ...] | None:
    """The widths that a field asks for, as a list or a text; None without any. Raises `ValueError`."""
    if value is None:
        return None
    text = ",".join(map(str, value)) if isinstance(value, list) else str(value)
    try:
        return parse_widths(text)
    except ValueError as problem:
        raise ValueError(f"{name}={value!r} {problem}") from problem


def _unknown(received: str) -> UnknownEvent:
    return UnknownEvent(f"{EXPECTED}; got {received}")


def _record(record: Any) -> Records:
    match record:
        case {"eventSource": "aws:s3" | "minio:s3" | "ceph:s3"}:
            return [parsed(_from_s3, record)]
        case {"EventSource": "aws:sns", "Sns": {"Message": str(message)}}:
            return read_message(message)
        case dict():
            sender = record.get("eventSource") or record.get("EventSource")
            return [_unknown(f"a record whose eventSource is {sender!r}")]
        case _:
            return [_unknown(f"{json.dumps(record)[:60]} for a record")]


def _from_s3(record: Mapping[str, Any]) -> SourceObject:
    version = str(record.get("eventVersion", "2"))  # AWS raises the major version when it changes a field
    if version.partition(".")[0] != "2":
        raise ValueError(f"eventVersion is {version}, which is not supported")
    stored = record["s3"]["object"]
    own = record.get("resizer", {})  # as `rejections` sends it to the large function
    return _source(
        record["s3"]["bucket"]["name"],
        {**stored, "key": unquote_plus(stored["key"], errors="strict")},
        event=(record.get("eventName") or "").removeprefix("s3:"),  # MinIO and Ceph write it
        widths=widths(own.get("widths"), "widths"),
        forwarded=bool(own.get("handedOver")),
    )


def _from_eventbridge(event: Mapping[str, Any]) -> SourceObject:
    """The key is not URL-encoded, and two fields have names of their own."""
    stored, bucket = event["detail"]["object"], event["detail"]["bucket"]
    renamed = {"eTag": stored.get("etag"), "versionId": stored.get("version-id")}
    return _source(bucket["name"], {**stored, **renamed}, event=event["detail-type"])


def _source(bucket: Any, stored: Mapping[str, Any], *, event: str, **others: Any) -> SourceObject:
    key, size = stored["key"], stored.get("size")
    etag, sequencer, version = (stored.get(name) or "" for name in ("eTag", "sequencer", "versionId"))
    is_text = all(isinstance(each, str) for each in (bucket, key, etag, sequencer, version))
    if not is_text or type(size) not in {int, type(None)}:
        raise TypeError
    key.encode()  # JSON can contain half a surrogate pair, a key cannot
    change = Change.REMOVED if event.startswith(REMOVALS) else Change.OTHER
    return SourceObject(
        bucket=bucket,
        key=key,
        change=Change.CREATED if event.startswith(CREATIONS) else change,
        etag=etag.strip('"') or None,  # some senders put quotes around it
        size=size,
        sequencer=sequencer or None,
        version_id=version or None,
        **others,
    )
