"""Reads the events of every sender, and gives the answer that the sender expects.

Events are parsed by hand: Powertools' data classes do not decode every sender's keys, fail if a sender leaves out
`sequencer`, and take 20 to 50 ms of every cold start to import.
"""

from types import ModuleType
from typing import Any

from resizer.events import batch_operations, direct, notification, sqs


def sender_of(event: Any) -> ModuleType:
    """The module of an event's sender, which has two functions.

    `read(event)` returns a `SourceObject` for each object that the event names, in order, or an `UnknownEvent` for a
    record that cannot be read. `answer(event, results)` takes a `Report` for each object, or the `UnknownEvent`. S3,
    SNS and EventBridge retry only after an error, so for them it raises `RecordsFailed` if a report is `failed`, and
    `UnknownEvent` if a record cannot be read.
    """
    match event:
        case {"Records": [{"eventSource": "aws:sqs"}, *_]}:
            return sqs
        case {"invocationSchemaVersion": str(), "tasks": list()}:
            return batch_operations
        case {"data": _}:
            return direct
        case _:
            return notification
