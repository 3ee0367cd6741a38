"""S3 events from EventBridge: their keys are not URL-encoded, and their fields have other names.

Source: S3 user guide, "EventBridge event message structure".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from resizer.model import Change, SourceObject

if TYPE_CHECKING:
    from collections.abc import Mapping

CHANGES: Final = {
    "Object Created": Change.CREATED,
    "Object Restore Completed": Change.CREATED,  # it can be read now, like a new object
    "Object Deleted": Change.REMOVED,
}


def source(event: Mapping[str, Any]) -> SourceObject:
    """The object that an event names. A missing or wrong field raises `KeyError`, `TypeError` or `ValueError`."""
    stored = event["detail"]["object"]
    return SourceObject(
        bucket=str(event["detail"]["bucket"]["name"]),
        key=str(stored["key"]),
        change=CHANGES.get(event["detail-type"], Change.OTHER),
        etag=str(stored.get("etag") or "").strip('"') or None,
        size=_size(stored),
        sequencer=stored.get("sequencer") or None,
        version_id=stored.get("version-id") or None,
    )


def _size(stored: Mapping[str, Any]) -> int | None:
    try:
        return int(stored["size"]) if "size" in stored else None
    except (ValueError, TypeError, OverflowError):
        raise ValueError(f"size is {stored['size']!r}, which is not a number of bytes") from None
