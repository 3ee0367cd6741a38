"""Uploads renditions in a few threads while the next ones are made."""

from __future__ import annotations

import time
from concurrent.futures import FIRST_COMPLETED, Executor, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from resizer.deadline import TOO_LATE
from resizer.errors import OutOfTime

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from concurrent.futures import Future

    from resizer.deadline import Clock
    from resizer.model import Rendition, RenditionPlan

WORKERS: Final = 3  # as many as there are widths by default
executor: Executor = ThreadPoolExecutor(WORKERS, thread_name_prefix="s3")  # once per Lambda environment


@dataclass(frozen=True, slots=True)
class Upload:
    """One finished upload: `size` in bytes; `written` is False where the same rendition was there already."""

    plan: RenditionPlan
    size: int
    written: bool
    milliseconds: float


def upload_all(
    renditions: Iterable[Rendition],
    write: Callable[[Rendition], bool],
    finished: list[Upload],
    clock: Clock,
    *,
    planned: Sequence[RenditionPlan] = (),
) -> None:
    """Write each rendition while the next is made; wait for all, and add each that is done to `finished`.

    `OutOfTime` names what was written of the `planned` ones, and what was not.

    Fewer than `WORKERS` are being written while one is made: more would wait for a thread and hold memory.

    No upload runs on when this returns, for Lambda may freeze the environment in the middle of it. Only an upload that
    does not end by itself in time is abandoned, and `OutOfTime` is raised.

    Where several fail, or the making does, an error that another try may cure is raised before a final one.
    """

    def upload(rendition: Rendition) -> None:
        started = time.perf_counter()
        written = write(rendition)
        spent = (time.perf_counter() - started) * 1000
        finished.append(Upload(rendition.plan, len(rendition.body), written, spent))

    running: list[Future[None]] = []
    problems: list[BaseException] = []
    try:
        for rendition in renditions:
            running.append(executor.submit(upload, rendition))
            del rendition  # so that its bytes are freed when they are written
            if len(pending := [each for each in running if not each.done()]) >= WORKERS:
                wait(pending, clock.patience(), FIRST_COMPLETED)
    except BaseException as problem:  # noqa: BLE001 # raised below, when the uploads have ended
        problems.append(problem)
    ended, late = wait(running, clock.patience())
    for each in late:
        each.cancel()
    if late:
        problems.append(OutOfTime(TOO_LATE))
    problems.extend(failure for each in running if each in ended and (failure := each.exception()))
    if not problems:
        return
    worst = max(problems, key=lambda problem: getattr(problem, "retryable", True))
    if isinstance(worst, OutOfTime):
        written = sorted(upload.plan.key for upload in finished)
        missing = [plan.key for plan in planned if plan.key not in written]
        raise OutOfTime(f"{worst} Written: {written}; not written: {missing}.") from worst
    raise worst
