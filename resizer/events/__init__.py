"""Reads the events of every sender, and gives the answer that the sender expects.

They are parsed by hand: Powertools' data classes do not decode every sender's keys, fail if a sender leaves out
`sequencer`, and take 20 to 50 ms of every cold start to import.
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
    """Call `attempt` for each object that an event names, in order, and answer as the sender expects.

    `attempt` does not raise: it returns a `failed` report for an object that must be retried. Raises `RecordsFailed`
    for S3, SNS and EventBridge, which retry only after an error, and `UnknownEvent` for any other event.
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
    """Whether an event only keeps the environment warm: `{"warm": true}`, or an event of a schedule."""
    match event:
        case {"warm": True} | {"detail-type": "Scheduled Event"}:
            return True
        case _:
            return False
