"""Uploads that overlap with the making of what comes next."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from resizer import pool

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from concurrent.futures import Future

    from resizer.model import Rendition, RenditionPlan, Written


@dataclass(frozen=True, slots=True)
class Upload:
    """One finished upload: `size` in bytes."""

    plan: RenditionPlan
    size: int
    written: Written
    milliseconds: float


def upload_all(renditions: Iterable[Rendition], write: Callable[[Rendition], Written], finished: list[Upload]) -> None:
    """Write each rendition while the next is made, wait for all, and add each that is done to `finished`.

    None is left running, whatever happens: a frozen environment must not wake up in the middle of one. Where
    several fail, an error that another try may cure is raised before one that is final.
    """

    def upload(rendition: Rendition) -> None:
        begin = time.perf_counter()
        written = write(rendition)
        spent = (time.perf_counter() - begin) * 1000
        finished.append(Upload(rendition.plan, len(rendition.body), written, spent))

    running: list[Future[None]] = []
    try:
        running.extend(pool.executor.submit(upload, rendition) for rendition in renditions)
    finally:
        problems = [problem for each in running if (problem := each.exception())]  # waits for each
    if problems:
        raise max(problems, key=lambda problem: getattr(problem, "retryable", True))
