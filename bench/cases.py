"""The handler's CPU time per picture, and its peak memory and quality, as pytest-benchmark cases.

    python -m pytest bench/cases.py

Each contender runs in a process of its own, warm, and is timed by that process's CPU clock. Ratios are taken by
`python -m bench.peers`, which takes turns; these cases are for looking at one picture at a time.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bench.estimate import duration
from bench.local import Plan, why_estimate
from bench.measure import Artifact, measure
from bench.peers.contest import contenders
from bench.peers.pixels import worst_psnr
from bench.peers.worker import FORMATS, Worker
from bench.pictures import Picture, pictures
from bench.stub_s3 import Network, stub_s3
from devtools.lambda_runtime.tools import installed_tools

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_benchmark.fixture import BenchmarkFixture

ROUNDS = 10
CODE, LAYER = Path("build/bench/function"), Path("build/bench/layer")
MOST_MEMORY = {"bird-20mp-422.jpg": 80_000_000}  # bytes of the whole process
LEAST_PSNR = 45.0  # dB, before encoding, against Lanczos from the full decode


class Clock:
    """The CPU seconds of the process that is being timed."""

    worker: Worker | None = None

    @classmethod
    def now(cls) -> float:
        """Its time so far."""
        return cls.worker.cpu_total if cls.worker else 0.0


def all_pictures() -> list[Picture]:
    """The pictures of `PHOTOS`, or drawn samples."""
    folder = os.environ.get("PHOTOS")
    return pictures(Path(folder) if folder else None, None, Path("build/bench/samples"))


def photos() -> list[Path]:
    """Those that every contender takes."""
    return [each.path for each in all_pictures() if each.path.suffix.lower() in FORMATS]


def _no_groups() -> str | None:
    return why_estimate(Plan(all_pictures(), (1769,), 1, Network(0, 0), CODE, LAYER))


NO_GROUPS = _no_groups()


@pytest.fixture
def endpoint() -> Iterator[str]:
    """All pictures behind an S3 on loopback, as fast as it goes, where nobody has made renditions of them before."""
    with stub_s3(photos()[0].parent, Network(0, 0)) as url:
        yield url


@pytest.mark.parametrize("photo", photos(), ids=lambda photo: photo.name)
@pytest.mark.parametrize("name", [each.name for each in contenders() if not each.missing and each.name != "floor"])
@pytest.mark.benchmark(timer=Clock.now, warmup=False)
def test_cpu(benchmark: BenchmarkFixture, endpoint: str, name: str, photo: Path) -> None:
    benchmark.group = photo.name
    with Worker(name, endpoint) as worker:
        Clock.worker = worker
        sample = benchmark.pedantic(  # type: ignore[no-untyped-call] # it carries no types
            worker.run, (photo,), rounds=ROUNDS, warmup_rounds=2
        )
    assert sample.written > 0


@pytest.mark.parametrize("photo", [each for each in photos() if each.name in MOST_MEMORY], ids=lambda photo: photo.name)
def test_peak_memory(endpoint: str, photo: Path) -> None:
    with Worker("ours", endpoint) as worker:
        assert worker.run(photo).peak_bytes <= MOST_MEMORY[photo.name]


@pytest.mark.parametrize("photo", photos(), ids=lambda photo: photo.name)
def test_quality(photo: Path) -> None:
    assert worst_psnr("ours", photo) >= LEAST_PSNR


@pytest.mark.skipif(bool(NO_GROUPS), reason=str(NO_GROUPS))
def test_computed_sizes_are_within_20_percent_of_measured_ones(endpoint: str) -> None:
    """From one row at a whole processor, the estimate's arithmetic gives what smaller sizes take."""
    picture = next(each for each in all_pictures() if each.path.suffix == ".jpg")
    artifact = Artifact(CODE, (LAYER,), installed_tools(), endpoint)
    whole, *smaller = measure(artifact, [picture], (1769, 512, 256, 128), ROUNDS, lambda _: None)
    assert whole.cpu_ms
    for row in smaller:
        # The fastest of each: what else the machine does makes durations longer, never shorter.
        expected = duration(whole.cpu_ms, min(whole.warm_ms), row.memory_mb)
        assert min(row.warm_ms) == pytest.approx(expected, rel=0.20), row.memory_mb
