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
    """One finished upload: `size` in bytes; `written` is False if the same rendition existed already."""

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
    """Write each rendition while the next is made; wait for all, and append each upload to `finished`.

    Fewer than `WORKERS` run while a rendition is made: more would only wait for a thread and use memory.

    All uploads end before this returns, because Lambda may freeze the environment afterwards. An upload that takes too
    long is abandoned, and `OutOfTime` says which of the `planned` renditions were written.

    If there are several errors, one that a retry may cure is raised first.
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
            del rendition  # frees its bytes once they are written
            if len(pending := [each for each in running if not each.done()]) >= WORKERS:
                wait(pending, clock.patience(), FIRST_COMPLETED)
    except BaseException as problem:  # noqa: BLE001 # raised below, after the uploads have ended
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
