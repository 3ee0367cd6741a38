"""The Lambda entry: runs each event's records through the pipeline and answers the sender."""

# ruff: noqa: E402 # imports come after `gc.disable()`
from __future__ import annotations

import gc

gc.disable()  # imports leave little garbage, and looking for it takes a tenth of a cold start's CPU

import math
import os
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from aws_lambda_powertools import Logger

from resizer import deadline, resize
from resizer.errors import OutOfTime, Reason, ResizerError, UnknownEvent
from resizer.events import sender_of
from resizer.metrics import SERVICE, measure
from resizer.model import SourceObject
from resizer.pipeline import process
from resizer.publish import event_bus
from resizer.rejections import report_rejection
from resizer.report import Outcome, Report
from resizer.s3 import clients
from resizer.settings import Settings

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

MIN_SECONDS: Final = 1.0  # no record is started with less time left

logger = Logger(service=SERVICE)
settings = Settings.from_env(os.environ)
_environment = {"cold": True}
if settings.event_bus:
    clients.client("events")
clients.s3()  # made during init, when Lambda gives the function more CPU
if resize.BACKEND == "pillow":
    logger.warning("cykooz-resizer is not installed for this platform: resizing with Pillow, which takes more CPU")
gc.freeze()
gc.enable()


@logger.inject_lambda_context
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Resize or clean up every object that an event names, and answer in the format that its sender expects.

    Every record is tried before anything is raised. Raises `RecordsFailed` if some failed, the sender retries only
    after an error and a retry may help. Raises `UnknownEvent` for an event of another kind.
    """
    cold = _environment.pop("cold", False)
    deadline.ends_at = time.monotonic() + context.get_remaining_time_in_millis() / 1000
    sender = sender_of(event)
    reports: list[Report] = []
    results: list[Report | UnknownEvent] = []
    try:
        for record in sender.read(event):
            if isinstance(record, UnknownEvent):
                logger.error("unreadable: %s", record)
                results.append(record)
            else:
                reports.append(_attempt(record, reports))
                results.append(reports[-1])
        if settings.event_bus:
            for failed in event_bus.send(reports, settings.event_bus):
                _log(failed)
        answer: dict[str, Any] = sender.answer(event, results)
        return answer
    finally:
        deadline.ends_at = math.inf  # the local service makes requests between invocations, too
        measure(reports, cold=cold)


def _attempt(source: SourceObject, before: Sequence[Report]) -> Report:
    """Run one record through the pipeline; any error that a retry may fix becomes a `failed` report.

    A record may take as long as the slowest one so far, so it is not started with less time left.
    """
    report = Report(source)
    needed = max([MIN_SECONDS, *(each.total_ms / 1000 for each in before)])
    try:
        if (left := deadline.remaining()) < needed:
            raise OutOfTime(f"{left:.1f} seconds are left, too few to start {source.uri}. It will be tried again.")
        process(source, settings, clients.s3(), report)
        report_rejection(report, settings)
    except Exception as problem:
        if isinstance(problem, ResizerError) and problem.reason is not Reason.UNEXPECTED:
            report.finish(Outcome.FAILED, problem.reason, str(problem))
        else:
            logger.exception("unexpected error", extra={"bucket": source.bucket, "key": source.key})
            report.finish(Outcome.FAILED, Reason.UNEXPECTED, f"{source.uri}: {problem!r}")
    _log(report)
    return report


def _log(report: Report) -> None:
    """Log one structured line per source: rejections as warnings, failures as errors."""
    levels = {Outcome.REJECTED: logger.warning, Outcome.FAILED: logger.error}
    levels.get(report.outcome, logger.info)(str(report.outcome), extra=report.log_fields())
