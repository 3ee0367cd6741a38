"""Events to the objects that they name.

Parsed by hand: Powertools' `S3Event` does not decode a record's key, raises where a sender leaves out
`sequencer`, and importing its package takes 20 to 50 ms of every cold start.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_plus

from resizer.errors import UnknownEvent
from resizer.model import Change, SourceObject

if TYPE_CHECKING:
    from collections.abc import Mapping

EXPECTED = 'expected an S3 notification: {"Records": [{"eventSource": "aws:s3", "s3": {...}}, ...]}'


def sources(event: object) -> list[SourceObject]:
    """The objects that an event names, in its order; none for `s3:TestEvent`.

    Raises `UnknownEvent` for every other shape, saying what was expected and what came.
    """
    if not isinstance(event, dict):
        raise UnknownEvent(f"{EXPECTED}; got a {type(event).__name__}")
    if event.get("Event") == "s3:TestEvent":
        return []
    records = event.get("Records")
    if not isinstance(records, list):
        raise UnknownEvent(f"{EXPECTED}; got an object with the fields {sorted(map(str, event))}")
    return [_source(record) for record in records]


def _source(record: object) -> SourceObject:
    try:
        return _s3_record(record)  # type: ignore[arg-type] # a wrong type is what the except clause is for
    except (KeyError, TypeError, AttributeError, ValueError) as problem:
        raise UnknownEvent(f"{EXPECTED}; got a record that lacks it: {problem!r}") from problem


def _s3_record(record: Mapping[str, Any]) -> SourceObject:
    if record.get("eventSource") != "aws:s3":
        raise ValueError(f"eventSource is {record.get('eventSource')!r}")
    stored = record["s3"]["object"]
    return SourceObject(
        bucket=_text(record["s3"]["bucket"], "name", required=True),
        key=_decoded(_text(stored, "key", required=True)),
        change=_change(_text(record, "eventName")),
        etag=_text(stored, "eTag") or None,
        size=_size(stored),
        sequencer=_text(stored, "sequencer") or None,
        version_id=_text(stored, "versionId") or None,
    )


def _text(fields: Mapping[str, Any], name: str, *, required: bool = False) -> str:
    value = fields[name] if required else fields.get(name) or ""
    if not isinstance(value, str):
        raise TypeError(f"{name} is {value!r}")
    return value


def _size(stored: Mapping[str, Any]) -> int | None:
    size = stored.get("size")
    if size is not None and (not isinstance(size, int) or isinstance(size, bool)):
        raise TypeError(f"size is {size!r}")
    return size


def _decoded(key: str) -> str:
    decoded = unquote_plus(key, errors="strict")
    decoded.encode()  # half a surrogate pair can be in JSON and in no key
    return decoded


def _change(event_name: str) -> Change:
    if event_name.startswith("ObjectCreated:"):
        return Change.CREATED
    return Change.REMOVED if event_name.startswith("ObjectRemoved:") else Change.OTHER
