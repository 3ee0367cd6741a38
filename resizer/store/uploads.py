"""Uploads renditions in a few threads while the next ones are made."""

import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ThreadPoolExecutor, wait

from resizer.errors import OutOfTime
from resizer.model import Rendition, RenditionPlan, StoredRendition
from resizer.report import Report
from resizer.s3.clients import MAX_CONNECTIONS

executor: Executor = ThreadPoolExecutor(MAX_CONNECTIONS, thread_name_prefix="s3")  # once per Lambda environment


def upload_all(
    renditions: Iterable[Rendition],
    write: Callable[[Rendition], bool],
    report: Report,
    planned: Sequence[RenditionPlan] = (),
) -> None:
    """Write each rendition while the next is made, wait for all, and report those stored, with the time that it took.

    Fewer than `MAX_CONNECTIONS` run while a rendition is made: more would only wait for a thread and use memory. All
    have ended when this returns, because Lambda may freeze the environment afterwards.

    If there are several errors, one that a retry may fix is raised first. `OutOfTime` says which of the `planned`
    renditions were written.
    """

    def upload(rendition: Rendition) -> StoredRendition:
        started = time.perf_counter()
        written = write(rendition)
        milliseconds = (time.perf_counter() - started) * 1000
        return StoredRendition(rendition.plan, len(rendition.body), written, milliseconds)

    running: list[Future[StoredRendition]] = []
    problems: list[BaseException] = []
    try:
        for rendition in renditions:
            running.append(executor.submit(upload, rendition))
            del rendition  # frees its bytes once they are written
            if len(pending := [each for each in running if not each.done()]) >= MAX_CONNECTIONS:
                wait(pending, return_when=FIRST_COMPLETED)
    except BaseException as problem:  # noqa: BLE001 # raised below, after the uploads have ended
        problems.append(problem)
    problems.extend(failure for each in running if (failure := each.exception()))  # waits for each
    report.stored = [each.result() for each in running if not each.exception()]
    report.milliseconds["upload"] += sum(each.milliseconds for each in report.stored)
    if not problems:
        return
    worst = max(problems, key=lambda problem: getattr(problem, "retryable", True))
    if isinstance(worst, OutOfTime):
        written = sorted(each.plan.key for each in report.stored)
        missing = [plan.key for plan in planned if plan.key not in written]
        raise OutOfTime(f"{worst} Written: {written}; not written: {missing}.") from worst
    raise worst
