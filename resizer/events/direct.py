"""Direct invocation: the caller asks for one object's renditions and waits for them."""

from collections.abc import Mapping, Sequence
from typing import Any

from resizer.errors import UnknownEvent
from resizer.events.notification import widths
from resizer.model import SourceObject
from resizer.report import Outcome, Report


def read(event: Mapping[str, Any]) -> list[SourceObject | UnknownEvent]:
    """The object that the caller asks for, or an `UnknownEvent`."""
    match event["data"]:
        case {"bucket": str(bucket), "key": str(key), **others} if bucket and key:
            etag = str(others.get("etag") or "").strip('"') or None
            try:
                key.encode()  # JSON can contain half a surrogate pair, a key cannot
                return [SourceObject(bucket, key, etag=etag, widths=widths(others.get("widths"), "data.widths"))]
            except ValueError as problem:  # UnicodeError, too
                return [UnknownEvent(str(problem))]
        case _:
            return [UnknownEvent('expected {"data": {"bucket": "photos", "key": "cat.jpg", "widths": [480, 640]}}')]


def answer(_: Any, results: Sequence[Report | UnknownEvent]) -> dict[str, Any]:
    """Return the object's result. Errors are returned, not raised: `error` has `type` (the reason) and `message`."""
    [result] = results
    if isinstance(result, UnknownEvent):
        return {"results": [], "error": {"type": str(result.reason), "message": str(result)}}
    answered = result.answer()
    if result.outcome in {Outcome.FAILED, Outcome.REJECTED}:
        answered["error"] = {"type": str(result.reason), "message": result.detail}
    return {"results": [answered]}
