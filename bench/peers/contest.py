"""All contenders over the same pictures and the same S3, in turns, so that a noisy moment hits each alike."""

from __future__ import annotations

import importlib.util
import shutil
import statistics
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from bench.peers.pixels import worst_psnr
from bench.peers.worker import FLOOR, FORMATS, HERE, OURS, Sample, Worker

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

WARM_UP: Final = 2  # rounds


@dataclass(frozen=True, slots=True)
class Contender:
    """One way to make renditions; `missing` says what to install, None where all is there."""

    name: str
    title: str
    missing: str | None

    def enters(self, photo: Path) -> bool:
        """The floor is libjpeg-turbo's, so it takes JPEGs only."""
        return self.name != FLOOR or FORMATS[photo.suffix.lower()] == "JPEG"


@dataclass(frozen=True, slots=True)
class Standing:
    """A contender on one photo: CPU in milliseconds (least and median), median wall in ms, bytes, PSNR in dB.

    `peak_bytes` is of a fresh process that did this photo alone; `psnr` is None where no pixels exist to compare.
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
    """Everyone, with what keeps them from taking part."""
    sharp = None if (HERE / "sharp" / "node_modules").is_dir() and shutil.which("node") else "node 20 and npm"
    magick = None if shutil.which("magick") or Path("/usr/bin/convert").is_file() else "apt-get install imagemagick"
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


def compete(
    names: Sequence[Contender],
    photos: Sequence[Path],
    start: Callable[[str], Worker],
    rounds: int,
    step: Callable[[str], None],
) -> Iterator[Standing]:
    """Each photo's standings in turn; `start` starts a contender, `step` is called `steps()` times in all."""
    workers = {each: start(each.name) for each in names}
    try:
        for photo in photos:
            taking_part = [each for each in names if each.enters(photo)]
            samples: dict[Contender, list[Sample]] = {each: [] for each in taking_part}
            for number in range(WARM_UP + rounds):
                for each in taking_part:
                    sample = workers[each].run(photo)
                    samples[each] += [sample] if number >= WARM_UP else []
                step(f"{photo.name}, round {number + 1}")
            for each in taking_part:
                yield _standing(each, photo, samples[each], start)
            step(f"{photo.name}, memory and quality")
    finally:
        for worker in workers.values():
            worker.close()


def steps(photos: Sequence[Path], rounds: int) -> int:
    """How many steps `compete` takes."""
    return len(photos) * (WARM_UP + rounds + 1)


def _standing(contender: Contender, photo: Path, samples: Sequence[Sample], start: Callable[[str], Worker]) -> Standing:
    with start(contender.name) as fresh:
        peak = fresh.run(photo).peak_bytes
    return Standing(
        photo.name,
        contender.name,
        min(sample.cpu_ms for sample in samples),
        statistics.median(sample.cpu_ms for sample in samples),
        statistics.median(sample.wall_ms for sample in samples),
        peak,
        samples[-1].written,
        None if contender.name == FLOOR else worst_psnr(contender.name, photo),
    )
