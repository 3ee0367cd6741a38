"""Sends an event about each source to an EventBridge event bus: at least once, in as few requests as possible."""

import random
import time
from collections.abc import Iterator, Sequence
from typing import Any, Final

from resizer.errors import DeliveryError, OutOfTime, ResizerError
from resizer.publish.manifest import VERSION, as_json, path
from resizer.report import Outcome, Report
from resizer.s3 import clients

Entry = dict[str, str]
SOURCE: Final = "resizer"
MAX_ENTRIES: Final = 10  # of one request (EventBridge API reference, "PutEvents")
# Of an entry, and of all entries of a request (EventBridge user guide, "Calculating PutEvents event entry size"). AWS
# raised it to 1 MB in January 2026, but not every region and every target of a rule accepts that.
MAX_BYTES: Final = 256_000
ATTEMPTS: Final = 3
BACKOFF_SECONDS: Final = 0.1
# Fields to omit from an event that is too large, in this order. The manifest has them, or they follow from the rest.
OMITTED_FIELDS: Final = ("srcset", "renditions")


def send(reports: Sequence[Report], bus: str) -> list[Report]:
    """Send the events about some sources to a bus, given by its name or ARN.

    Returns the reports whose events the bus did not accept; they are `failed` now, so that their records are retried.
    """
    waiting = {number: entry for number, report in enumerate(reports) if (entry := entry_for(report, bus))}
    problems: dict[int, ResizerError] = {}
    for attempt in range(ATTEMPTS):
        if attempt:
            time.sleep(random.uniform(0, BACKOFF_SECONDS * attempt))  # noqa: S311 # so that functions do not retry in step
        problems = {number: why for batch in _batches(waiting) for number, why in _put(batch, bus).items()}
        waiting = {number: waiting[number] for number in problems}
        if not waiting or any(isinstance(problem, OutOfTime) for problem in problems.values()):
            break
    return [_failed(reports[number], problem) for number, problem in sorted(problems.items())]


def entry_for(report: Report, bus: str) -> Entry | None:
    """The event about a source, or None.

    A retry that finds everything done sends it, too: the first attempt may not have. Renditions of an event's own
    widths send none: only the sender of the event knows them.
    """
    about: dict[str, Any]
    source = {"bucket": report.source.bucket, "key": report.source.key}
    if report.outcome is Outcome.REJECTED:
        about = {"source": {**source, "etag": report.etag}, "reason": str(report.reason), "detail": report.detail}
        return _entry("Image Rejected", about, bus)
    if report.removed:
        renditions = [{"key": key, "path": path(key)} for key in report.removed.keys]
        about = {"source": source, "bucket": report.removed.bucket, "renditions": renditions}
        return _entry("Renditions Removed", about, bus)
    if report.manifest and report.source.widths is None:
        return _entry("Renditions Ready", report.manifest.content(), bus)
    return None


def _entry(type_: str, about: dict[str, Any], bus: str) -> Entry:
    """An entry of a request. `left_out` names fields that were omitted because of its size."""
    detail = {"version": VERSION, **about}
    entry = {"Source": SOURCE, "DetailType": type_, "Detail": as_json(detail), "EventBusName": bus}
    for name in OMITTED_FIELDS:
        if name in detail and _size(entry) > MAX_BYTES:
            detail = {each: value for each, value in detail.items() if each != name}
            detail["left_out"] = [*detail.get("left_out", ()), name]
            entry["Detail"] = as_json(detail)
    return entry


def _size(entry: Entry) -> int:
    """An entry's size in bytes, by EventBridge's rules."""
    return sum(len(entry[name].encode()) for name in ("Source", "DetailType", "Detail"))


def _batches(entries: dict[int, Entry]) -> Iterator[dict[int, Entry]]:
    """Group the entries into requests."""
    batch: dict[int, Entry] = {}
    for number, entry in entries.items():
        if batch and (len(batch) == MAX_ENTRIES or sum(map(_size, [*batch.values(), entry])) > MAX_BYTES):
            yield batch
            batch = {}
        batch[number] = entry
    if batch:
        yield batch


def _put(batch: dict[int, Entry], bus: str) -> dict[int, ResizerError]:
    """Send one request; return why entries were not accepted."""
    try:
        answer = clients.send("events", "put_events", Entries=list(batch.values()))
    except ResizerError as problem:
        return dict.fromkeys(batch, problem)
    return {
        number: DeliveryError(
            f"put_events to {bus} failed: {result['ErrorCode']}: {result.get('ErrorMessage')}. It will be tried again."
        )
        for number, result in zip(batch, answer["Entries"], strict=True)
        if "ErrorCode" in result
    }


def _failed(report: Report, problem: ResizerError) -> Report:
    report.detail = f"{report.source.uri} is {report.outcome}, but its event could not be sent: {problem}"
    report.outcome, report.reason = Outcome.FAILED, problem.reason
    return report
