"""Each contender's CPU time per picture, and Resizer's peak memory and quality, as pytest-benchmark cases.

    python -m pytest bench/cases.py

Each contender runs in a warm process of its own, and the timer is that process's CPU time. Use these to look at one
picture; `python -m bench.peers` computes ratios, because its contenders take turns.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from bench.estimate import duration
from bench.local import LocalRun
from bench.measure import Artifact, measure
from bench.peers.comparison import contenders
from bench.peers.pixels import worst_psnr
from bench.peers.worker import FLOOR, FORMATS, OURS, Worker
from bench.pictures import Picture, pictures
from bench.plan import Plan
from bench.stub_s3 import Network, stub_s3
from devtools.lambda_runtime.tools import installed_tools

ROUNDS = 10
CODE, LAYER = Path("build/bench/function"), Path("build/bench/layer")
MAX_PEAK_BYTES = {"bird-20mp-422.jpg": 80_000_000}  # of the whole process
MIN_PSNR = 45.0  # dB


class Clock:
    """The timer: CPU seconds of the worker that is being measured."""

    worker: Worker | None = None

    @classmethod
    def now(cls) -> float:
        """CPU seconds so far."""
        return cls.worker.cpu_total if cls.worker else 0.0


def all_pictures() -> list[Picture]:
    """The pictures of `PHOTOS`, or drawn samples."""
    folder = os.environ.get("PHOTOS")
    return pictures(Path(folder) if folder else None, None, Path("build/bench/samples"))


def photos() -> list[Path]:
    """The pictures in formats that every contender supports."""
    return [each.path for each in all_pictures() if each.path.suffix.lower() in FORMATS]


NOT_MEASURABLE = LocalRun(Plan(all_pictures(), (1769,), 1), Network(0, 0), CODE, LAYER).why_not_measurable()


@pytest.fixture
def endpoint() -> Iterator[str]:
    """A new S3 without latency or bandwidth limit that serves all pictures."""
    with stub_s3(photos()[0].parent, Network(0, 0)) as url:
        yield url


@pytest.mark.parametrize("photo", photos(), ids=lambda photo: photo.name)
@pytest.mark.parametrize("name", [each.name for each in contenders() if not each.missing and each.name != FLOOR])
@pytest.mark.benchmark(timer=Clock.now, warmup=False)
def test_cpu(benchmark: BenchmarkFixture, endpoint: str, name: str, photo: Path) -> None:
    benchmark.group = photo.name
    with Worker(name, endpoint) as worker:
        Clock.worker = worker
        sample = benchmark.pedantic(  # type: ignore[no-untyped-call] # pytest-benchmark has no types here
            worker.run, (photo,), rounds=ROUNDS, warmup_rounds=2
        )
    assert sample.written > 0


@pytest.mark.parametrize(
    "photo", [each for each in photos() if each.name in MAX_PEAK_BYTES], ids=lambda photo: photo.name
)
def test_peak_memory(endpoint: str, photo: Path) -> None:
    with Worker(OURS, endpoint) as worker:
        assert worker.run(photo).peak_bytes <= MAX_PEAK_BYTES[photo.name]


@pytest.mark.parametrize("photo", photos(), ids=lambda photo: photo.name)
def test_quality(photo: Path) -> None:
    assert worst_psnr(OURS, photo) >= MIN_PSNR


@pytest.mark.skipif(bool(NOT_MEASURABLE), reason=str(NOT_MEASURABLE))
def test_estimates_are_within_20_percent_of_measurements(endpoint: str) -> None:
    """The durations of smaller sizes follow from those of one whole processor."""
    picture = next(each for each in all_pictures() if each.path.suffix == ".jpg")
    artifact = Artifact(CODE, (LAYER,), installed_tools(), endpoint)
    whole, *smaller = measure(artifact, Plan([picture], (1769, 512, 256, 128), ROUNDS), lambda _: None)
    assert whole.cpu_ms
    for row in smaller:
        # Compare minima: other work on the machine makes durations longer, never shorter.
        expected = duration(whole.cpu_ms, min(whole.warm_ms), row.memory_mb)
        assert min(row.warm_ms) == pytest.approx(expected, rel=0.20), row.memory_mb
