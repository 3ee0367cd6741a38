"""Has it become slower or larger? CPU and memory per image beside the accepted code's, in the same run.

Both are measured in turn on this machine, so that its speed does not matter: unchanged code gives a ratio of 1
everywhere. The pictures are the drawn samples.
"""

from __future__ import annotations

import io
import subprocess
import tarfile
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from bench.peers.worker import Worker
from bench.sizes import MB_PER_CORE
from resizer.cli.cost import MB_PER_GB
from resizer.cli.prices import Architecture
from resizer.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from resizer.cli.prices import Prices

LIMIT: Final = 1.15
WARM_UP: Final = 3
CODE: Final = ("resizer", "bench")  # what a revision's worker is made of


@dataclass(frozen=True, slots=True)
class Figures:
    """One picture, now and by the accepted code: the least CPU time in ms, and peak memory in bytes."""

    cpu_ms: float
    peak_bytes: int
    accepted_cpu_ms: float
    accepted_peak_bytes: int

    @property
    def cpu_ratio(self) -> float:
        """CPU time over the accepted code's."""
        return self.cpu_ms / self.accepted_cpu_ms

    @property
    def peak_ratio(self) -> float:
        """Peak memory over the accepted code's."""
        return self.peak_bytes / self.accepted_peak_bytes


def code_at(revision: str, place: Path) -> Path:
    """The code of a revision of this checkout, in a folder below `place`. Raises `UsageError` where git has none."""
    try:
        command = ["git", "archive", "--format=tar", revision, *CODE]
        archive = subprocess.run(command, check=True, capture_output=True).stdout
    except (OSError, subprocess.CalledProcessError) as problem:
        raise UsageError(
            f"The accepted code, {revision}, is not in this clone: run `git fetch --unshallow`, or name another "
            "revision: make bench-check AGAINST=HEAD."
        ) from problem
    folder = place / revision
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        tar.extractall(folder, filter="data")
    return folder


def current_revision() -> str:
    """The revision that is checked out. Raises `UsageError` where its code is changed, or git has none."""
    try:
        changed, revision = (
            subprocess.run(["git", *asked], check=True, capture_output=True, text=True).stdout.strip()  # noqa: S607 # git's own
            for asked in (["status", "--porcelain", "--", *CODE], ["rev-parse", "HEAD"])
        )
    except (OSError, subprocess.CalledProcessError) as problem:
        raise UsageError("Only a commit can be accepted, and this is no git checkout.") from problem
    if changed:
        raise UsageError(f"Only a commit can be accepted, and there are changes: commit them first.\n{changed}")
    return revision


def take(
    photos: Sequence[Path], endpoint: str, accepted: Path, rounds: int, step: Callable[[str], None]
) -> dict[str, Figures]:
    """Figures of each picture, by its name: the least of `rounds`, in turn with the accepted code."""
    return {photo.name: _take(photo, endpoint, accepted, rounds, step) for photo in photos}


def _take(photo: Path, endpoint: str, accepted: Path, rounds: int, step: Callable[[str], None]) -> Figures:
    cpu: tuple[list[float], list[float]] = ([], [])
    with ExitStack() as stack:
        workers = [stack.enter_context(Worker("ours", endpoint, code)) for code in (None, accepted)]
        peaks = [worker.run(photo).peak_bytes for worker in workers]
        for number in range(WARM_UP + rounds):
            step(f"{photo.name}, round {number + 1}")
            for worker, times in zip(workers, cpu, strict=True):
                times.append(worker.run(photo).cpu_ms)
    today, before = (min(times[WARM_UP:]) for times in cpu)
    return Figures(today, peaks[0], before, peaks[1])


def least(one: Mapping[str, Figures], other: Mapping[str, Figures]) -> dict[str, Figures]:
    """The better of two takes, picture by picture."""
    return {name: min(one[name], other[name], key=lambda figures: figures.cpu_ratio) for name in one}


def regressions(now: Mapping[str, Figures], prices: Prices, limit: float = LIMIT) -> list[str]:
    """A sentence for each picture that takes more than `limit` times what was accepted, with its price."""
    slower = [_slower(name, each, prices) for name, each in now.items() if each.cpu_ratio > limit]
    return slower + [_larger(name, each) for name, each in now.items() if each.peak_ratio > limit]


def dollars_per_million(cpu_ms: float, prices: Prices) -> float:
    """What so much CPU time in each of a million images costs, at any size below a whole processor."""
    gb_seconds = cpu_ms / 1000 * MB_PER_CORE / MB_PER_GB * 1e6
    return gb_seconds * prices.tiers[Architecture.X86_64][0][1]


def _slower(name: str, now: Figures, prices: Prices) -> str:
    more = dollars_per_million(now.cpu_ms - now.accepted_cpu_ms, prices)
    return (
        f"{name} takes {now.cpu_ratio:.2f} times the accepted CPU time ({now.cpu_ms:.1f} ms instead of "
        f"{now.accepted_cpu_ms:.1f}): ${more:.2f} more per million images, "
        f"${dollars_per_million(now.cpu_ms, prices):.2f} in all."
    )


def _larger(name: str, now: Figures) -> str:
    return (
        f"{name} takes {now.peak_ratio:.2f} times the accepted memory: {now.peak_bytes / 1e6:.0f} MB instead of "
        f"{now.accepted_peak_bytes / 1e6:.0f}; where that asks for a larger function, its price grows with it."
    )
