"""Finds regressions: compares CPU time and memory per image with those of the accepted code.

Both run in turn on the same machine, so its speed does not matter: unchanged code gives a ratio of 1. The pictures are
the drawn samples.
"""

import io
import subprocess
import tarfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench.peers.worker import OURS, Worker
from bench.plan import OnProgress
from bench.sizes import MB_PER_CORE
from resizer.cli.cost import MB_PER_GB
from resizer.cli.prices import Architecture, Prices
from resizer.errors import UsageError

MAX_RATIO: Final = 1.15
WARM_UP_ROUNDS: Final = 3
CODE_FOLDERS: Final = ("resizer", "bench")  # a revision's worker needs them


@dataclass(frozen=True, slots=True)
class Figures:
    """One picture, with this code and with the accepted code: lowest CPU time in ms, and peak memory in bytes."""

    cpu_ms: float
    peak_bytes: int
    accepted_cpu_ms: float
    accepted_peak_bytes: int

    @property
    def cpu_ratio(self) -> float:
        """CPU time divided by that of the accepted code."""
        return self.cpu_ms / self.accepted_cpu_ms

    @property
    def peak_ratio(self) -> float:
        """Peak memory divided by that of the accepted code."""
        return self.peak_bytes / self.accepted_peak_bytes


def code_at(revision: str, parent: Path) -> Path:
    """Write the code of a revision to a folder in `parent`; returns it. Raises `UsageError` if git does not have it."""
    try:
        command = ["git", "archive", "--format=tar", revision, *CODE_FOLDERS]
        archive = subprocess.run(command, check=True, capture_output=True).stdout
    except (OSError, subprocess.CalledProcessError) as problem:
        raise UsageError(
            f"The accepted revision {revision} is not in this clone. Run `git fetch --unshallow`, or name another one: "
            "make bench-check AGAINST=HEAD."
        ) from problem
    folder = parent / revision
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        tar.extractall(folder, filter="data")
    return folder


def current_revision() -> str:
    """The revision that is checked out. Raises `UsageError` if its code has changes, or outside of a git checkout."""
    try:
        changed, revision = (
            subprocess.run(["git", *arguments], check=True, capture_output=True, text=True).stdout.strip()  # noqa: S607 # from PATH
            for arguments in (["status", "--porcelain", "--", *CODE_FOLDERS], ["rev-parse", "HEAD"])
        )
    except (OSError, subprocess.CalledProcessError) as problem:
        raise UsageError("Only a commit can be accepted, and this is not a git checkout.") from problem
    if changed:
        raise UsageError(f"Only a commit can be accepted. Commit these changes first:\n{changed}")
    return revision


def measure_samples(
    photos: Sequence[Path], endpoint: str, accepted: Path, rounds: int, on_progress: OnProgress
) -> dict[str, Figures]:
    """The figures of each picture, by its name. This code and the code in the folder `accepted` take turns."""
    return {photo.name: _measure(photo, endpoint, accepted, rounds, on_progress) for photo in photos}


def _measure(photo: Path, endpoint: str, accepted: Path, rounds: int, on_progress: OnProgress) -> Figures:
    cpu: tuple[list[float], list[float]] = ([], [])
    with ExitStack() as stack:
        workers = [stack.enter_context(Worker(OURS, endpoint, code)) for code in (None, accepted)]
        peaks = [worker.run(photo).peak_bytes for worker in workers]
        for number in range(WARM_UP_ROUNDS + rounds):
            on_progress(f"{photo.name}, round {number + 1}")
            for worker, times in zip(workers, cpu, strict=True):
                times.append(worker.run(photo).cpu_ms)
    now, before = (min(times[WARM_UP_ROUNDS:]) for times in cpu)
    return Figures(now, peaks[0], before, peaks[1])


def better_of(first: Mapping[str, Figures], second: Mapping[str, Figures]) -> dict[str, Figures]:
    """For each picture the measurement with the lower CPU ratio."""
    return {name: min(first[name], second[name], key=lambda figures: figures.cpu_ratio) for name in first}


def regressions(now: Mapping[str, Figures], prices: Prices) -> list[str]:
    """A sentence for each picture that takes more than `MAX_RATIO` times the accepted CPU time or memory."""
    slower = [_slower(name, each, prices) for name, each in now.items() if each.cpu_ratio > MAX_RATIO]
    return slower + [_larger(name, each) for name, each in now.items() if each.peak_ratio > MAX_RATIO]


def dollars_per_million(cpu_ms: float, prices: Prices) -> float:
    """The price of this CPU time in each of a million images; it is the same at every size below one processor."""
    gb_seconds = cpu_ms / 1000 * MB_PER_CORE / MB_PER_GB * 1e6
    return gb_seconds * prices.tiers[Architecture.X86_64][0][1]


def _slower(name: str, now: Figures, prices: Prices) -> str:
    more = dollars_per_million(now.cpu_ms - now.accepted_cpu_ms, prices)
    return (
        f"{name} takes {now.cpu_ratio:.2f} times the accepted CPU time ({now.cpu_ms:.1f} ms instead of "
        f"{now.accepted_cpu_ms:.1f}): ${more:.2f} more per million images, "
        f"${dollars_per_million(now.cpu_ms, prices):.2f} in total."
    )


def _larger(name: str, now: Figures) -> str:
    return (
        f"{name} takes {now.peak_ratio:.2f} times the accepted memory: {now.peak_bytes / 1e6:.0f} MB instead of "
        f"{now.accepted_peak_bytes / 1e6:.0f}. If it needs a larger function, that costs more."
    )
