"""The times that events tell."""

from __future__ import annotations

from datetime import UTC, datetime


def latest(told: object) -> float | None:
    """The last moment that an ISO 8601 time may mean, in seconds since 1970; None where there is no such time.

    S3 notifications tell milliseconds, EventBridge whole seconds: of those the end is meant.
    """
    if not isinstance(told, str):
        return None
    try:
        moment = datetime.fromisoformat(told)
    except ValueError:
        return None
    return moment.replace(tzinfo=moment.tzinfo or UTC).timestamp() + (0.001 if "." in told else 1.0)
