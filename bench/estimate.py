"""Computes the figures of every memory size from one measurement at full speed, for machines without control groups.

Lambda throttles a function that has less than one processor: it stops it until the next period. So the duration is the
CPU time divided by the share; waiting for S3 fits into the stops. With a whole processor or more nothing is throttled.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil
from typing import Final

from bench.peers.worker import OURS, Sample, Worker
from bench.pictures import Picture
from bench.plan import OnProgress, Plan
from bench.rows import Kind, Outcome, Row
from bench.sizes import MB, processor_share

# A throttled process finds cold caches when it continues after 20 ms: a tenth more CPU time, measured.
THROTTLING_COST: Final = 1.1


@dataclass(frozen=True, slots=True)
class FullSpeed:
    """One picture in a new process: CPU time and memory of the start, then the first run and the later ones."""

    init_cpu_ms: float
    base_bytes: int
    cold: Sample
    warm: list[Sample]


def duration(cpu_ms: float, wall_ms: float, memory_mb: int) -> float:
    """Milliseconds at a memory size for work that takes `cpu_ms` and `wall_ms` at full speed."""
    share = processor_share(memory_mb)
    return wall_ms if share >= 1 else max(wall_ms, cpu_ms * THROTTLING_COST / share)


def estimate(endpoint: str, plan: Plan, on_progress: OnProgress) -> Iterator[Row]:
    """Measure each picture once and compute a row for each size."""
    for picture in plan.pictures:
        on_progress(picture.name)
        with Worker(OURS, endpoint) as worker:
            cold, *warm = [worker.run(picture.path) for _ in range(1 + plan.warm)]
            run = FullSpeed(worker.init_cpu_ms, worker.base_bytes, cold, warm)
        for size in plan.sizes:
            yield computed(picture, run, size)


def computed(picture: Picture, run: FullSpeed, memory_mb: int) -> Row:
    """The row of one size. The memory plan decides whether the picture fits."""
    planned = picture.planned_bytes(run.base_bytes)
    fits = planned <= memory_mb * MB
    warm = [duration(each.cpu_ms, each.wall_ms, memory_mb) for each in run.warm]
    return Row(
        picture=picture.name,
        memory_mb=memory_mb,
        kind=Kind.ESTIMATE,
        outcome=Outcome.RESIZED if fits else Outcome.NEEDS_MEMORY,
        init_ms=duration(run.init_cpu_ms, run.init_cpu_ms, memory_mb),
        cold_ms=duration(run.cold.cpu_ms, run.cold.wall_ms, memory_mb),
        warm_ms=warm if fits else [],
        billed_ms=[ceil(each) for each in warm] if fits else [],
        cpu_ms=min(each.cpu_ms for each in run.warm),
        peak_bytes=max(each.peak_bytes for each in (run.cold, *run.warm)),
        planned_bytes=planned,
        source_bytes=picture.path.stat().st_size,
        detail="" if fits else "does not fit by the memory plan",
    )
