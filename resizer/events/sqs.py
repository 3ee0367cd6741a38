"""SQS: a batch of messages; only those that fail are retried."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from resizer.errors import RecordsFailed, UnknownEvent
from resizer.events import notification

if TYPE_CHECKING:
    from collections.abc import Callable

    from aws_lambda_powertools.utilities.batch import BasePartialBatchProcessor
    from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

    from resizer.model import SourceObject
    from resizer.report import Report

logger = logging.getLogger("resizer")


def answer(event: dict[str, Any], attempt: Callable[[SourceObject], Report]) -> dict[str, Any]:
    """Return the messages to retry, as `batchItemFailures`.

    An unreadable message fails alone. SQS retries it until the queue's redrive policy moves it to a dead-letter queue.
    """
    from aws_lambda_powertools.utilities.batch import process_partial_response  # noqa: PLC0415 # 20 to 50 ms

    def message(record: SQSRecord) -> None:
        try:
            notification.answer(notification.from_json(record.body), attempt)
        except UnknownEvent as problem:
            logger.error("unreadable message %s: %s", record.message_id, problem)  # noqa: TRY400 # the message says it all
            raise
        except RecordsFailed:
            raise  # each record is logged already

    return dict(process_partial_response(event, message, _processor(event)))


def _processor(event: dict[str, Any]) -> BasePartialBatchProcessor:
    """In a FIFO queue the messages after a failed one must not overtake it."""
    from aws_lambda_powertools.utilities.batch import (  # noqa: PLC0415 # 20 to 50 ms of an SQS cold start only
        BatchProcessor,
        EventType,
        SqsFifoPartialProcessor,
    )

    if str(event["Records"][0].get("eventSourceARN", "")).endswith(".fifo"):
        processor: BasePartialBatchProcessor = SqsFifoPartialProcessor()
    else:
        processor = BatchProcessor(EventType.SQS)
    processor.raise_on_entire_batch_failure = False
    return processor
