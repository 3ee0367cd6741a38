"""Runs all contenders on the same pictures and the same S3, in turns, so that noise affects all of them alike."""

import importlib.util
import shutil
import statistics
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench.peers.pixels import worst_psnr
from bench.peers.worker import FLOOR, FORMATS, OURS, PEERS, Sample, Worker
from bench.plan import OnProgress

WARM_UP_ROUNDS: Final = 2


@dataclass(frozen=True, slots=True)
class Contender:
    """A library, or the way to use it. `missing` says what to install; it is None if everything is installed."""

    name: str
    title: str
    missing: str | None

    def supports(self, photo: Path) -> bool:
        """Whether it can resize this photo: the floor decodes only JPEGs."""
        return self.name != FLOOR or FORMATS[photo.suffix.lower()] == "JPEG"


@dataclass(frozen=True, slots=True)
class PeerResult:
    """A contender's result on one photo: lowest and median CPU time and median wall time in milliseconds.

    `peak_bytes` is the memory of a new process that resized only this photo, `written` the bytes of all renditions, and
    `psnr` the lowest of the renditions in dB; the floor has none.
    """

    photo: str
    contender: str
    cpu_ms: float
    cpu_median_ms: float
    wall_ms: float
    peak_bytes: int
    written: int
    psnr: float | None


def contenders() -> list[Contender]:
    """All contenders, Resizer first."""
    sharp = None if (PEERS / "sharp" / "node_modules").is_dir() and shutil.which("node") else "Node.js 20 and npm"
    magick = None if shutil.which("magick") or Path("/usr/bin/convert").is_file() else "imagemagick, with apt-get"
    return [
        Contender(OURS, "Resizer", None),
        Contender("tutorial", "AWS tutorial", None),
        Contender("sharp-three", "sharp, three pipelines", sharp),
        Contender("sharp-best", "sharp, its best case", sharp),
        Contender("imagemagick", "ImageMagick", magick),
        Contender("vips", "pyvips", _missing("pyvips")),
        Contender("opencv", "OpenCV", _missing("cv2")),
        Contender(FLOOR, "floor", None),
    ]


def _missing(module: str) -> str | None:
    return None if importlib.util.find_spec(module) else f"the Python package for {module}"


def compare(
    entered: Sequence[Contender],
    photos: Sequence[Path],
    start: Callable[[str], Worker],
    rounds: int,
    on_progress: OnProgress,
) -> Iterator[PeerResult]:
    """The results of each photo; `start` starts a contender, and `on_progress` is called `steps()` times."""
    workers = {each: start(each.name) for each in entered}
    try:
        for photo in photos:
            samples: dict[Contender, list[Sample]] = {each: [] for each in entered if each.supports(photo)}
            for number in range(WARM_UP_ROUNDS + rounds):
                for each, its_samples in samples.items():
                    its_samples.append(workers[each].run(photo))
                on_progress(f"{photo.name}, round {number + 1}")
            for each, its_samples in samples.items():
                yield _result(each, photo, its_samples[WARM_UP_ROUNDS:], start)
            on_progress(f"{photo.name}, memory and quality")
    finally:
        for worker in workers.values():
            worker.close()


def steps(photos: Sequence[Path], rounds: int) -> int:
    """How often `compare` reports its progress."""
    return len(photos) * (WARM_UP_ROUNDS + rounds + 1)


def _result(contender: Contender, photo: Path, samples: Sequence[Sample], start: Callable[[str], Worker]) -> PeerResult:
    with start(contender.name) as fresh:
        peak = fresh.run(photo).peak_bytes
    return PeerResult(
        photo.name,
        contender.name,
        min(sample.cpu_ms for sample in samples),
        statistics.median(sample.cpu_ms for sample in samples),
        statistics.median(sample.wall_ms for sample in samples),
        peak,
        samples[-1].written,
        None if contender.name == FLOOR else worst_psnr(contender.name, photo),
    )
