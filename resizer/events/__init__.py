"""Reads the events of every sender, and gives the answer that the sender expects.

Each sender is a module with the same two functions, `read` and `answer`. Events are parsed by hand: Powertools' data
classes do not decode every sender's keys, fail if a sender leaves out `sequencer`, and take 20 to 50 ms of every cold
start to import.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from resizer.events import batch_operations, direct, notification, sqs

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import ModuleType

    from resizer.errors import UnknownEvent
    from resizer.model import SourceObject
    from resizer.report import Report


def read(event: Any) -> list[SourceObject | UnknownEvent]:
    """The objects that an event names, in order; an `UnknownEvent` for each record that cannot be read."""
    records: list[SourceObject | UnknownEvent] = _sender(event).read(event)
    return records


def answer(event: Any, results: Sequence[Report | UnknownEvent]) -> dict[str, Any]:
    """The answer to an event, with a result for each of its records: a report, or the `UnknownEvent` of `read`.

    S3, SNS and EventBridge retry only after an error. So this raises `RecordsFailed` for them if a report is `failed`,
    and `UnknownEvent` if a record cannot be read.
    """
    answered: dict[str, Any] = _sender(event).answer(event, results)
    return answered


def _sender(event: Any) -> ModuleType:
    match event:
        case {"Records": [{"eventSource": "aws:sqs"}, *_]}:
            return sqs
        case {"invocationSchemaVersion": str(), "tasks": list()}:
            return batch_operations
        case {"data": _}:
            return direct
        case _:
            return notification
