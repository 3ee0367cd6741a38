"""The Lambda entry: set up once per environment, then events through the pipeline to the answer."""

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
LEAST_SECONDS: Final = 1.0  # a record is not begun with less, whatever it is

logger = Logger(service=SERVICE)
settings = Settings.from_env(os.environ)
_environment = {"cold": True}
if settings.event_bus:
    clients.client("events")
clients.s3()  # made while the function starts, which Lambda gives more CPU for
if resize.BACKEND == "pillow":
    logger.warning("cykooz-resizer is not installed for this platform: resizing with Pillow, which takes more CPU")


@logger.inject_lambda_context
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Bring the renditions of what an event names in line with it, and answer as its sender expects.

    Every record is tried before anything is raised. Raises `RecordsFailed` where some could not be done but may
    be later and raising is what makes them come back, and `UnknownEvent` for an event of another kind.
    """
    cold = _environment.pop("cold", False)
    reports: list[Report] = []
    clock = Clock(remaining=lambda: context.get_remaining_time_in_millis() / 1000)

    def attempt(source: SourceObject) -> Report:
        report = _attempt(source, clock, reports)
        _tell(report)
        reports.append(report)
        return report

    try:
        return {"results": []} if events.is_warm_up(event) else _answer(event, attempt, reports, clock)
    finally:
        measure(reports, cold=cold)


def _answer(
    event: dict[str, Any], attempt: Callable[[SourceObject], Report], reports: list[Report], clock: Clock
) -> dict[str, Any]:
    """Try every record, tell the event bus, then answer.

    Where the bus has not taken what there is to tell of a record, that record has to come back. So the answer is given
    once more, for the same reports with these as failed ones.
    """
    try:
        answer = events.answer(event, attempt)
    except ResizerError:
        if _is_told(reports, clock):
            raise
    else:
        if _is_told(reports, clock):
            return answer
    again = iter(reports)
    return events.answer(event, lambda _: next(again))


def _is_told(reports: list[Report], clock: Clock) -> bool:
    """Tell the event bus, where there is one; False where some of the reports have become failures by that."""
    if settings.event_bus is None:
        return True
    told = event_bus.tell(reports, settings.event_bus, clock)
    failed = [after for before, after in zip(reports, told, strict=True) if after is not before]
    for report in failed:
        _tell(report)
    reports[:] = told
    return not failed


def _attempt(source: SourceObject, clock: Clock, before: list[Report]) -> Report:
    """One record through the pipeline; whatever another try may cure ends as a report that is `failed`."""
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
    """Begin no record that may not end: one may take as long as the slowest so far. Raises `OutOfTime`."""
    needed = max([LEAST_SECONDS, *(report.total_ms / 1000 for report in before)])
    left = clock.remaining()
    if left < needed:
        raise OutOfTime(f"{left:.1f} seconds are left, too few to begin with {source.uri}. It will be tried again.")


def _tell(report: Report) -> None:
    """One structured line per source; a rejection is a warning, a failure an error."""
    levels = {Outcome.REJECTED: logger.warning, Outcome.FAILED: logger.error}
    levels.get(report.outcome, logger.info)(str(report.outcome), extra=report.log_fields())
