"""Uploads that overlap with the making of what comes next."""

from __future__ import annotations

import time
from concurrent.futures import FIRST_COMPLETED, wait
from dataclasses import dataclass
from typing import TYPE_CHECKING

from resizer.deadline import TOO_LATE
from resizer.errors import OutOfTime
from resizer.store import pool

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from concurrent.futures import Future

    from resizer.deadline import Clock
    from resizer.model import Rendition, RenditionPlan, Written


@dataclass(frozen=True, slots=True)
class Upload:
    """One finished upload: `size` in bytes."""

    plan: RenditionPlan
    size: int
    written: Written
    milliseconds: float


def upload_all(
    renditions: Iterable[Rendition], write: Callable[[Rendition], Written], finished: list[Upload], clock: Clock
) -> None:
    """Write each rendition while the next is made, wait for all, and add each that is done to `finished`.

    While one is made, fewer than `pool.WORKERS` are being written: more would only wait there, and take memory.

    None is left running, whatever happens: a frozen environment must not wake up in the middle of one. Only a write
    that does not end by the clock itself, as by botocore, is given up when no time is left. Raises `OutOfTime` then.

    Where several fail, the making included, an error that another try may cure is raised before one that is final.
    """

    def upload(rendition: Rendition) -> None:
        begin = time.perf_counter()
        written = write(rendition)
        spent = (time.perf_counter() - begin) * 1000
        finished.append(Upload(rendition.plan, len(rendition.body), written, spent))

    running: list[Future[None]] = []
    problems: list[BaseException] = []
    try:
        for rendition in renditions:
            running.append(pool.executor.submit(upload, rendition))
            del rendition  # its bytes go when they have been written
            if len(pending := [each for each in running if not each.done()]) >= pool.WORKERS:
                wait(pending, clock.patience(), FIRST_COMPLETED)
    except BaseException as problem:  # noqa: BLE001 # raised below, when the uploads have ended
        problems.append(problem)
    ended, late = wait(running, clock.patience())
    for each in late:
        each.cancel()
    if late:
        problems.append(OutOfTime(TOO_LATE))
    problems.extend(failure for each in running if each in ended and (failure := each.exception()))
    if problems:
        raise max(problems, key=lambda problem: getattr(problem, "retryable", True))
