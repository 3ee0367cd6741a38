"""One record of an S3 notification, event versions 2.x.

AWS raises the minor version when it adds fields, and the major one when it changes any.
Source: S3 user guide, "Event message structure".
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
CREATIONS: Final = ("ObjectCreated:", "ObjectRestore:Completed")
REMOVALS: Final = ("ObjectRemoved:", "LifecycleExpiration:")


def source(record: Mapping[str, Any]) -> SourceObject:
    """The object that a record names. A missing or wrong field raises `KeyError`, `TypeError` or `ValueError`."""
    version = str(record.get("eventVersion", MAJOR))
    if version.partition(".")[0] != MAJOR:
        raise ValueError(f"eventVersion is {version}, which may mean anything")
    stored = record["s3"]["object"]
    own = record.get("resizer", {})  # as `rejections` sends it to the large function
    return SourceObject(
        bucket=_text(record["s3"]["bucket"], "name", required=True),
        key=_decoded(_text(stored, "key", required=True)),
        change=_change(_text(record, "eventName")),
        etag=_text(stored, "eTag").strip('"') or None,  # some senders quote it
        size=_size(stored),
        sequencer=_text(stored, "sequencer") or None,
        version_id=_text(stored, "versionId") or None,
        widths=parse_widths(",".join(map(str, own["widths"]))) if own.get("widths") else None,
        forwarded=bool(own.get("handedOver")),
    )


def _text(fields: Mapping[str, Any], name: str, *, required: bool = False) -> str:
    value = fields[name] if required else fields.get(name) or ""
    if not isinstance(value, str):
        raise ValueError(f"{name} is {value!r}, which is not text")  # noqa: TRY004 # a wrong value in an event
    return value


def _size(stored: Mapping[str, Any]) -> int | None:
    size = stored.get("size")
    if size is not None and (not isinstance(size, int) or isinstance(size, bool)):
        raise ValueError(f"size is {size!r}, which is not a number of bytes")
    return size


def _decoded(key: str) -> str:
    decoded = unquote_plus(key, errors="strict")
    decoded.encode()  # JSON can contain half a surrogate pair, a key cannot
    return decoded


def _change(event_name: str) -> Change:
    name = event_name.removeprefix("s3:")  # MinIO and Ceph write it
    if name.startswith(CREATIONS):
        return Change.CREATED
    return Change.REMOVED if name.startswith(REMOVALS) else Change.OTHER
