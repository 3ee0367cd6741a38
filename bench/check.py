"""Has it become slower or larger? CPU and memory per image against the last accepted figures.

CPU time is taken as a ratio to a loop that is run beside it, so that figures of one machine hold on another; the
pictures are the drawn samples, which are the same everywhere.
"""

from __future__ import annotations

import hashlib
import json
import time
import zlib
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Final

from bench.peers.worker import Worker
from bench.sizes import MB_PER_CORE
from resizer.cli.cost import MB_PER_GB
from resizer.cli.prices import Architecture

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from resizer.cli.prices import Prices

LIMIT: Final = 1.15
WARM_UP: Final = 3
DATA: Final = bytes(range(256)) * 4096  # 1 MiB


@dataclass(frozen=True, slots=True)
class Figures:
    """One picture: CPU time over that of the calibration loop, the same in ms here, and peak memory in bytes."""

    cpu_ratio: float
    cpu_ms: float
    peak_bytes: int


def calibration() -> float:
    """CPU seconds of a fixed piece of work: hashing, deflating and plain Python, none of it ours."""
    begin = time.process_time()
    for _ in range(4):
        hashlib.sha256(DATA).digest()
        zlib.compress(DATA[:262_144], 6)
    sum(number * number for number in range(200_000))
    return time.process_time() - begin


def take(photos: Sequence[Path], endpoint: str, rounds: int, step: Callable[[str], None]) -> dict[str, Figures]:
    """Today's figures of each picture, by its name: the least of `rounds` in turn with the loop."""
    return {photo.name: _take(photo, endpoint, rounds, step) for photo in photos}


def _take(photo: Path, endpoint: str, rounds: int, step: Callable[[str], None]) -> Figures:
    cpu, loop = [], []
    with Worker("ours", endpoint) as worker:
        peak = worker.run(photo).peak_bytes
        for number in range(WARM_UP + rounds):
            step(f"{photo.name}, round {number + 1}")
            loop.append(calibration())
            sample = worker.run(photo)
            cpu += [sample.cpu_ms] if number >= WARM_UP else []
    return Figures(min(cpu) / 1000 / min(loop), min(cpu), peak)


def least(one: Mapping[str, Figures], other: Mapping[str, Figures]) -> dict[str, Figures]:
    """The better of two takes, picture by picture."""
    return {name: min(one[name], other[name], key=lambda figures: figures.cpu_ratio) for name in one}


def regressions(
    now: Mapping[str, Figures], accepted: Mapping[str, Figures], prices: Prices, limit: float = LIMIT
) -> list[str]:
    """A sentence for each picture that takes more than `limit` times what was accepted, with its price."""
    return [
        sentence
        for name, figures in now.items()
        if name in accepted
        for sentence in (
            _slower(name, figures, accepted[name], prices, limit),
            _larger(name, figures, accepted[name], limit),
        )
        if sentence
    ]


def dollars_per_million(cpu_ms: float, prices: Prices) -> float:
    """What so much CPU time in each of a million images costs, at any size below a whole processor."""
    gb_seconds = cpu_ms / 1000 * MB_PER_CORE / MB_PER_GB * 1e6
    return gb_seconds * prices.tiers[Architecture.X86_64][0][1]


def _slower(name: str, now: Figures, before: Figures, prices: Prices, limit: float) -> str | None:
    ratio = now.cpu_ratio / before.cpu_ratio
    if ratio <= limit:
        return None
    expected = now.cpu_ms / ratio
    more = dollars_per_million(now.cpu_ms - expected, prices)
    return (
        f"{name} takes {ratio:.2f} times the accepted CPU time ({now.cpu_ms:.1f} ms instead of {expected:.1f} on this "
        f"machine): ${more:.2f} more per million images, ${dollars_per_million(now.cpu_ms, prices):.2f} in all."
    )


def _larger(name: str, now: Figures, before: Figures, limit: float) -> str | None:
    ratio = now.peak_bytes / before.peak_bytes
    if ratio <= limit:
        return None
    return (
        f"{name} takes {ratio:.2f} times the accepted memory: {now.peak_bytes / 1e6:.0f} MB instead of "
        f"{before.peak_bytes / 1e6:.0f}; where that asks for a larger function, its price grows with it."
    )


def read_accepted(path: Path) -> dict[str, Figures]:
    """The last accepted figures."""
    table = json.loads(path.read_text(encoding="utf-8"))["pictures"]
    return {name: Figures(**figures) for name, figures in table.items()}


def write_accepted(path: Path, figures: Mapping[str, Figures], about: Mapping[str, object]) -> None:
    """Accept figures, with the machine that they come from."""
    pictures = {name: asdict(each) for name, each in figures.items()}
    path.write_text(json.dumps({"machine": about, "pictures": pictures}, indent=2) + "\n", encoding="utf-8")
