"""The Lambda entry: runs each event's records through the pipeline and answers the sender."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Final

from aws_lambda_powertools import Logger

from resizer import events, resize
from resizer.deadline import Clock
from resizer.errors import OutOfTime, Reason, ResizerError
from resizer.metrics import SERVICE, measure
from resizer.pipeline import process
from resizer.publish import event_bus
from resizer.rejections import report_rejection
from resizer.report import Outcome, Report, ReportBuilder
from resizer.s3 import clients
from resizer.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from aws_lambda_powertools.utilities.typing import LambdaContext

    from resizer.model import SourceObject
LEAST_SECONDS: Final = 1.0  # no record is started with less time left

logger = Logger(service=SERVICE)
settings = Settings.from_env(os.environ)
_environment = {"cold": True}
if settings.event_bus:
    clients.client("events")
clients.s3()  # made during init, when Lambda gives the function more CPU
if resize.BACKEND == "pillow":
    logger.warning("cykooz-resizer is not installed for this platform: resizing with Pillow, which takes more CPU")


@logger.inject_lambda_context
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Resize or clean up every object that an event names, and answer in the format that its sender expects.

    Every record is tried before anything is raised. Raises `RecordsFailed` if some failed, the sender retries only
    after an error and a retry may help. Raises `UnknownEvent` for an event of another kind.
    """
    cold = _environment.pop("cold", False)
    reports: list[Report] = []
    clock = Clock(remaining=lambda: context.get_remaining_time_in_millis() / 1000)

    def attempt(source: SourceObject) -> Report:
        report = _attempt(source, clock, reports)
        _log(report)
        reports.append(report)
        return report

    try:
        return {"results": []} if events.is_warm_up(event) else _answer(event, attempt, reports, clock)
    finally:
        measure(reports, cold=cold)


def _answer(
    event: dict[str, Any], attempt: Callable[[SourceObject], Report], reports: list[Report], clock: Clock
) -> dict[str, Any]:
    """Try every record, publish to the event bus, then answer.

    If publishing fails, the records concerned must be retried: the answer is then built again with these as failed.
    """
    try:
        answer = events.answer(event, attempt)
    except ResizerError:
        if _publish(reports, clock):
            raise
    else:
        if _publish(reports, clock):
            return answer
    again = iter(reports)
    return events.answer(event, lambda _: next(again))


def _publish(reports: list[Report], clock: Clock) -> bool:
    """Publish the reports to the event bus, if there is one; False if that failed for some, which are now failures."""
    if settings.event_bus is None:
        return True
    published = event_bus.tell(reports, settings.event_bus, clock)
    failed = [after for before, after in zip(reports, published, strict=True) if after is not before]
    for report in failed:
        _log(report)
    reports[:] = published
    return not failed


def _attempt(source: SourceObject, clock: Clock, before: list[Report]) -> Report:
    """Run one record through the pipeline; anything that a retry may cure becomes a `failed` report."""
    builder = ReportBuilder(source)
    try:
        _need_time(source, clock, before)
        return report_rejection(process(source, settings, clients.s3_until(clock), clock, builder), settings)
    except ResizerError as problem:
        return builder.build(Outcome.FAILED, problem.reason, str(problem))
    except Exception as problem:
        logger.exception("unexpected error", extra={"bucket": source.bucket, "key": source.key})
        return builder.build(Outcome.FAILED, Reason.UNEXPECTED, f"{source.uri}: {problem!r}")


def _need_time(source: SourceObject, clock: Clock, before: list[Report]) -> None:
    """Raise `OutOfTime` if there may be too little time: a record may take as long as the slowest one so far."""
    needed = max([LEAST_SECONDS, *(report.total_ms / 1000 for report in before)])
    left = clock.remaining()
    if left < needed:
        raise OutOfTime(f"{left:.1f} seconds are left, too few to start {source.uri}. It will be tried again.")


def _log(report: Report) -> None:
    """Log one structured line per source; a rejection is a warning, a failure an error."""
    levels = {Outcome.REJECTED: logger.warning, Outcome.FAILED: logger.error}
    levels.get(report.outcome, logger.info)(str(report.outcome), extra=report.log_fields())
