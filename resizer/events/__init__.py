"""Every way an event arrives: which objects it names, and the answer that its sender expects.

Parsed by hand: Powertools' data classes do not decode every sender's keys, raise where a sender leaves out
`sequencer`, and importing them takes 20 to 50 ms of every cold start.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from resizer.events import batch_operations, direct, notification, sqs
from resizer.events.notification import sources

if TYPE_CHECKING:
    from collections.abc import Callable

    from resizer.model import SourceObject
    from resizer.report import Report

__all__ = ["answer", "is_warm_up", "sources"]


def answer(event: Any, attempt: Callable[[SourceObject], Report]) -> dict[str, Any]:
    """Give each object that an event names to `attempt`, in its order, and answer as its sender expects.

    `attempt` tells of what has to come back by a report that is `failed`, and does not raise.

    Raises `RecordsFailed` for S3, SNS and EventBridge, where that is how records come back, and `UnknownEvent` for
    an event of no known shape.
    """
    match event:
        case {"Records": [{"eventSource": "aws:sqs"}, *_]}:
            return sqs.answer(event, attempt)
        case {"invocationSchemaVersion": str(), "tasks": list()}:
            return batch_operations.answer(event, attempt)
        case {"data": _}:
            return direct.answer(event, attempt)
        case _:
            return notification.answer(event, attempt)


def is_warm_up(event: object) -> bool:
    """Whether an event asks for nothing but a warm environment: `{"warm": true}`, or any schedule."""
    match event:
        case {"warm": True} | {"detail-type": "Scheduled Event"}:
            return True
        case _:
            return False
