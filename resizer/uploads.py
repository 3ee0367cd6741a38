"""Uploads that overlap with the making of what comes next."""

from __future__ import annotations

import time
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from resizer.model import Rendition, RenditionPlan

# Made once per environment; three, so that a set of three widths never waits for a place.
_pool = ThreadPoolExecutor(max_workers=3, thread_name_prefix="upload")


@dataclass(frozen=True, slots=True)
class Upload:
    """One finished upload: `size` in bytes; `written` is False where the same rendition stood already."""

    plan: RenditionPlan
    size: int
    written: bool
    milliseconds: float


def upload_all(renditions: Iterable[Rendition], write: Callable[[Rendition], bool], finished: list[Upload]) -> None:
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
        running.extend(_pool.submit(upload, rendition) for rendition in renditions)
    finally:
        problems = [problem for each in running if (problem := each.exception())]  # waits for each
    if problems:
        raise max(problems, key=lambda problem: getattr(problem, "retryable", True))
