"""Direct invocation: the caller asks for one object's renditions and waits for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from resizer.errors import UnknownEvent
from resizer.model import SourceObject
from resizer.report import Outcome
from resizer.settings.environment import parse_widths

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from resizer.report import Report


def answer(event: Mapping[str, Any], attempt: Callable[[SourceObject], Report]) -> dict[str, Any]:
    """Return the object's result. Errors are returned, not raised: `error` has `type` (the reason) and `message`."""
    try:
        source = _source(event["data"])
    except UnknownEvent as problem:
        return {"results": [], "error": _error(problem.reason, str(problem))}
    report = attempt(source)
    result = report.answer()
    if report.outcome in {Outcome.FAILED, Outcome.REJECTED}:
        result["error"] = _error(report.reason, report.detail)
    return {"results": [result]}


def _source(data: object) -> SourceObject:
    match data:
        case {"bucket": str(bucket), "key": str(key), **others} if bucket and key:
            return SourceObject(bucket, key, etag=_etag(others.get("etag")), widths=_widths(others.get("widths")))
        case _:
            raise UnknownEvent('expected {"data": {"bucket": "photos", "key": "cat.jpg", "widths": [480, 640]}}')


def _etag(value: object) -> str | None:
    return value.strip('"') if isinstance(value, str) else None


def _widths(value: object) -> tuple[int, ...] | None:
    if value is None:
        return None
    text = ",".join(str(width) for width in value) if isinstance(value, list) else str(value)
    try:
        return parse_widths(text)
    except ValueError as problem:
        raise UnknownEvent(f"data.widths={value!r} {problem}") from problem


def _error(reason: object, message: str | None) -> dict[str, str | None]:
    return {"type": str(reason), "message": message}
