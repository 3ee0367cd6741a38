"""One record of an S3 notification, event versions 2.x.

AWS raises the minor version when it adds fields, and the major one when it changes any.
Source: S3 user guide, "Event message structure".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote_plus

from resizer.events.times import latest
from resizer.model import Change, SourceObject

if TYPE_CHECKING:
    from collections.abc import Mapping

MAJOR: Final = "2"
REMOVALS: Final = ("ObjectRemoved:", "LifecycleExpiration:")


def source(record: Mapping[str, Any]) -> SourceObject:
    """The object that a record names. Raises what a missing or wrong field raises."""
    version = str(record.get("eventVersion", MAJOR))
    if version.partition(".")[0] != MAJOR:
        raise ValueError(f"eventVersion is {version}, which may mean anything")
    stored = record["s3"]["object"]
    told = record.get("resizer", {})
    return SourceObject(
        bucket=str(record["s3"]["bucket"]["name"]),
        key=unquote_plus(stored["key"], errors="strict"),
        change=_change(str(record.get("eventName", ""))),
        etag=stored.get("eTag") or None,
        size=int(stored["size"]) if "size" in stored else None,
        sequencer=stored.get("sequencer") or None,
        version_id=stored.get("versionId") or None,
        time=latest(record.get("eventTime")),
        widths=tuple(told["widths"]) if told.get("widths") else None,
        handed_over=bool(told.get("handedOver")),
    )


def _change(event_name: str) -> Change:
    if event_name.startswith("ObjectCreated:"):
        return Change.CREATED
    return Change.REMOVED if event_name.startswith(REMOVALS) else Change.OTHER
