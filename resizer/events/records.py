"""One record of an S3 notification, event versions 2.x, or an S3 event from EventBridge.

AWS raises the minor version when it adds fields, and the major one when it changes any.
Source: S3 user guide, "Event message structure" and "EventBridge event message structure".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote_plus

from resizer.model import Change, SourceObject
from resizer.settings.environment import parse_widths

if TYPE_CHECKING:
    from collections.abc import Mapping

MAJOR: Final = "2"
# A restored object can be read now, like a new one.
CREATIONS: Final = ("ObjectCreated:", "ObjectRestore:Completed", "Object Created", "Object Restore Completed")
REMOVALS: Final = ("ObjectRemoved:", "LifecycleExpiration:", "Object Deleted")
EVENTBRIDGE_NAMES: Final = {"etag": "eTag", "version-id": "versionId"}  # for fields of S3's own notifications
UNREADABLE: Final = (KeyError, TypeError, AttributeError, ValueError)  # what parsing of any JSON may raise


def from_s3(record: Mapping[str, Any]) -> SourceObject:
    """The object that a record of a notification names. Raises any of `UNREADABLE`."""
    version = str(record.get("eventVersion", MAJOR))
    if version.partition(".")[0] != MAJOR:
        raise ValueError(f"eventVersion is {version}, which may mean anything")
    bucket, stored = record["s3"]["bucket"], record["s3"]["object"]
    own = record.get("resizer", {})  # as `rejections` sends it to the large function
    return _source(
        bucket,
        {**stored, "key": unquote_plus(_text(stored, "key"), errors="strict")},
        event=_text(record, "eventName", "").removeprefix("s3:"),  # MinIO and Ceph write it
        widths=widths(own.get("widths"), "widths"),
        forwarded=bool(own.get("handedOver")),
    )


def from_eventbridge(event: Mapping[str, Any]) -> SourceObject:
    """The object that an event names, whose key is not URL-encoded. Raises any of `UNREADABLE`."""
    stored, bucket = event["detail"]["object"], event["detail"]["bucket"]
    renamed = {EVENTBRIDGE_NAMES.get(name, name): value for name, value in stored.items()}
    return _source(bucket, renamed, event=_text(event, "detail-type"))


def what_is_wrong(problem: Exception) -> str:
    """One of `UNREADABLE` in plain words; our own `ValueError`s are plain already."""
    match problem:
        case KeyError():
            return f"the field {problem.args[0]} is missing"
        case UnicodeError():
            return "its key is not UTF-8"
        case ValueError():
            return str(problem)
        case _:
            return "a field is of another type than AWS sends"


def widths(value: object, name: str) -> tuple[int, ...] | None:
    """The widths that a field asks for, as a list or a text; None without any. Raises `ValueError`."""
    if value is None:
        return None
    text = ",".join(map(str, value)) if isinstance(value, list) else str(value)
    try:
        return parse_widths(text)
    except ValueError as problem:
        raise ValueError(f"{name}={value!r} {problem}") from problem


def _source(bucket: Mapping[str, Any], stored: Mapping[str, Any], *, event: str, **others: Any) -> SourceObject:
    size = stored.get("size")
    if size is not None and type(size) is not int:
        raise ValueError(f"size is {size!r}, which is not a number of bytes")
    change = Change.REMOVED if event.startswith(REMOVALS) else Change.OTHER
    key = _text(stored, "key")
    key.encode()  # JSON can contain half a surrogate pair, a key cannot
    return SourceObject(
        bucket=_text(bucket, "name"),
        key=key,
        change=Change.CREATED if event.startswith(CREATIONS) else change,
        etag=_text(stored, "eTag", "").strip('"') or None,  # some senders quote it
        size=size,
        sequencer=_text(stored, "sequencer", "") or None,
        version_id=_text(stored, "versionId", "") or None,
        **others,
    )


def _text(fields: Mapping[str, Any], name: str, default: str | None = None) -> str:
    value = fields[name] if default is None else fields.get(name) or default
    if not isinstance(value, str):
        raise ValueError(f"{name} is {value!r}, which is not text")  # noqa: TRY004 # a wrong value in an event
    return value
