"""SQS: a batch of messages; only those that fail are retried."""

from collections.abc import Sequence
from itertools import accumulate, islice
from operator import or_
from typing import Any

from resizer.errors import UnknownEvent
from resizer.events.notification import read_message
from resizer.model import SourceObject
from resizer.report import Outcome, Report


def read(event: dict[str, Any]) -> list[SourceObject | UnknownEvent]:
    """The objects that all messages name, in order; an `UnknownEvent` for a record that cannot be read."""
    return [each for message in event["Records"] for each in read_message(message.get("body"))]


def answer(event: dict[str, Any], results: Sequence[Report | UnknownEvent]) -> dict[str, Any]:
    """Return the messages to retry, as `batchItemFailures`; in a FIFO queue all that follow a failed one, too.

    SQS retries an unreadable message until the queue's redrive policy moves it to a dead-letter queue.
    """
    messages, remaining = event["Records"], iter(results)
    own = [list(islice(remaining, len(read_message(message.get("body"))))) for message in messages]
    failed = [any(isinstance(each, UnknownEvent) or each.outcome is Outcome.FAILED for each in some) for some in own]
    if str(messages[0].get("eventSourceARN", "")).endswith(".fifo"):
        failed = list(accumulate(failed, or_))
    retried = [message["messageId"] for message, fails in zip(messages, failed, strict=True) if fails]
    return {"batchItemFailures": [{"itemIdentifier": each} for each in retried]}
