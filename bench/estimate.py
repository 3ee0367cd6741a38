"""Every memory size computed from one measurement at full speed, where no control groups are to be had.

A function below one processor is held back until its next period, so its time is its CPU time over its share; waiting
for S3 fits into the pauses. From one processor on it is what it takes at full speed.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING

from bench.peers.worker import Worker
from bench.rows import Ending, Kind, Row
from bench.sizes import share

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from bench.peers.worker import Sample
    from bench.pictures import Picture

MB = 1_048_576


@dataclass(frozen=True, slots=True)
class FullSpeed:
    """One picture in a process of its own: start-up CPU in ms, memory before it, the first run and later ones."""

    init_cpu_ms: float
    base_bytes: int
    cold: Sample
    warm: list[Sample]


# A process that is stopped every 20 ms finds its caches cold when it goes on: by a tenth more CPU time, measured.
HELD_BACK = 1.1


def duration(cpu_ms: float, wall_ms: float, memory_mb: int) -> float:
    """Milliseconds at a memory size of what takes `cpu_ms` and `wall_ms` at full speed."""
    part = share(memory_mb)
    return wall_ms if part >= 1 else max(wall_ms, cpu_ms * HELD_BACK / part)


def estimate(
    endpoint: str, pictures: Sequence[Picture], sizes: Sequence[int], warm: int, step: Callable[[str], None]
) -> Iterator[Row]:
    """A row for each size and picture, all labelled an estimate; `step` is told of each picture."""
    for picture in pictures:
        step(picture.name)
        with Worker("ours", endpoint) as worker:
            samples = [worker.run(picture.path) for _ in range(1 + warm)]
            run = FullSpeed(worker.init_cpu_ms, worker.base_bytes, samples[0], samples[1:])
        for size in sizes:
            yield computed(picture, run, size)


def computed(picture: Picture, run: FullSpeed, memory_mb: int) -> Row:
    """One size's row. A picture that does not fit by the memory plan is refused."""
    planned = picture.planned_bytes(run.base_bytes)
    fits = planned <= memory_mb * MB
    warm = [duration(each.cpu_ms, each.wall_ms, memory_mb) for each in run.warm]
    return Row(
        picture=picture.name,
        memory_mb=memory_mb,
        kind=Kind.ESTIMATE,
        ending=Ending.RESIZED if fits else Ending.REFUSED,
        init_ms=duration(run.init_cpu_ms, run.init_cpu_ms, memory_mb),
        cold_ms=duration(run.cold.cpu_ms, run.cold.wall_ms, memory_mb),
        warm_ms=warm if fits else [],
        billed_ms=[ceil(each) for each in warm] if fits else [],
        cpu_ms=min(each.cpu_ms for each in run.warm),
        peak_bytes=max(each.peak_bytes for each in (run.cold, *run.warm)),
        planned_bytes=planned,
        source_bytes=picture.path.stat().st_size,
        detail="" if fits else "refused by the memory plan",
    )
