"""The memory plan beside measured peaks: `python -m bench.memory [--widths 4000,3000,2000] [IMAGE...]`.

Without images it draws some. Each is resized in a process of its own, for an S3 so slow that as many renditions wait
to be written as ever do. The plan must never be below the peak of the whole process, and at most 1.5 times it and
15 MB above.
"""

from __future__ import annotations

import io
import json
import random
import subprocess
import sys
import threading
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError
from PIL import Image
from rich.console import Console
from rich.progress import track
from rich.table import Table

from resizer import limits, pipeline, pool
from resizer.heap import return_freed_memory
from resizer.memory_plan import MB, memory_needed
from resizer.model import SourceObject
from resizer.process_memory import resident
from resizer.settings import Settings
from resizer.variables import parse_widths

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

SLACK: Final = 15  # MB
PATIENCE: Final = 60  # seconds that an upload waits for the others, which are fewer in the end
WIDTHS: Final = Settings().widths
WIDE: Final = (4000, 3500, 3000, 2500, 2000, 1500)
Variety = tuple[str, str, str, dict[str, Any]]  # name, mode, format, and options of the encoder


@dataclass(frozen=True, slots=True)
class Comparison:
    """One image: the plan for it and the measured peak, of the whole process in MB."""

    name: str
    planned: float
    measured: float
    outcome: str

    @property
    def holds(self) -> bool:
        """Whether the plan is neither below the peak nor far above it."""
        return self.measured <= self.planned <= 1.5 * self.measured + SLACK


def compare(path: Path, widths: tuple[int, ...] = WIDTHS, formats: tuple[str, ...] = ("source",)) -> Comparison:
    """Resize one image in a fresh process and set the plan beside its peak."""
    options = [str(path), ",".join(map(str, widths)), ",".join(formats)]
    command = [sys.executable, "-m", "bench.memory", "--measure", *options]
    told = subprocess.run(command, capture_output=True, text=True, check=True, cwd=Path(__file__).parents[1])
    asked = "" if widths == WIDTHS else f" at {options[1]}"
    return Comparison(path.name + asked, **json.loads(told.stdout))


def measure(path: Path, settings: Settings) -> None:
    """Resize one image in this process and print plan, peak and outcome as JSON."""
    s3 = MemoryS3(b"", path)
    warm = io.BytesIO()
    Image.new("RGB", (64, 64)).save(warm, "JPEG")
    pipeline.process(SourceObject("bench", "warm.jpg"), Settings(), MemoryS3(warm.getvalue(), None))
    plans: list[int] = []

    def noting(*arguments: Any) -> int:
        plans.append(memory_needed(*arguments))
        return plans[-1]

    setattr(limits, "memory_needed", noting)  # noqa: B010 # a double in its place
    return_freed_memory()  # of the first picture
    before = resident()
    Path("/proc/self/clear_refs").write_text("5")  # forget the peak so far
    report = pipeline.process(SourceObject("bench", path.name), settings, s3)
    peak = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    planned = (before + max(plans, default=0)) / MB
    outcome = f"{report.outcome} {report.reason or ''}".strip()
    print(json.dumps({"planned": planned, "measured": int(peak.split()[1]) / 1024, "outcome": outcome}))  # noqa: T201 # for its parent


class MemoryS3:
    """Serves one source, from a file or from memory, and takes renditions without keeping them, several at once."""

    def __init__(self, body: bytes, path: Path | None) -> None:
        self._body = body
        self._path = path
        self._together = threading.Barrier(pool.WORKERS)

    def get_object(self, **_: Any) -> dict[str, Any]:
        """Open the source, read bit by bit as a download is."""
        body: Any = self._path.open("rb") if self._path else io.BytesIO(self._body)
        size = self._path.stat().st_size if self._path else len(self._body)
        return {"Body": body, "ContentLength": size, "ETag": '"0"'}

    def put_object(self, **_: Any) -> dict[str, Any]:
        """Take a rendition, when there are as many as can be on their way at once."""
        with suppress(threading.BrokenBarrierError):
            self._together.wait(PATIENCE)
        return {}

    def head_object(self, **request: Any) -> dict[str, Any]:
        """Find the source as it was, and nothing else."""
        if request["Key"].startswith("resized/"):
            raise ClientError({"Error": {"Code": "404", "Message": "Not Found"}}, "HeadObject")
        return {"ETag": '"0"'}

    def delete_object(self, **request: Any) -> dict[str, Any]:
        """Never asked for: nothing is deleted."""
        raise NotImplementedError(request["Key"])


def drawn_images(folder: Path) -> Iterator[Path]:
    """Images of every format, mode and size class, as files."""
    for megapixels in (1, 6, 24):
        for variety in VARIETIES:
            yield drawn_image(variety, megapixels, folder)
    for frames in (10, 40):
        yield from drawn_animations(frames, folder)


def drawn_noise(variety: Variety, width: int, height: int, folder: Path) -> Path:
    """An image of which no encoder can make a small file, as a file."""
    name, mode, format_, options = variety
    path = folder / f"noise {name}"
    colours = "RGB" if mode == "P" else mode
    noise = random.Random(1).randbytes(width * height * len(colours))  # noqa: S311 # as in _texture
    Image.frombytes(colours, (width, height), noise).convert(mode).save(path, format_, **options)
    return path


def drawn_image(variety: Variety, megapixels: float, folder: Path) -> Path:
    """One image of so many megapixels, as a file."""
    name, mode, format_, options = variety
    across = round((megapixels * 1_500_000) ** 0.5)
    path = folder / f"{megapixels}MP {name}"
    picture = _texture(across, across * 2 // 3).convert(mode)
    if format_ == "HEIF":
        _save_heic(picture, path, **options)
    else:
        picture.save(path, format_, **options)
    return path


def _save_heic(picture: Image.Image, path: Path, *, bits: int = 8, **options: Any) -> None:
    import pillow_heif  # noqa: PLC0415 # a process that measures shall meet it with its first HEIC, as the function does

    mode, samples = picture.mode, picture.tobytes()
    if bits > 8:
        wide = bytearray(2 * len(samples))
        wide[::2] = wide[1::2] = samples
        mode, samples = f"{mode};16", bytes(wide)
    with path.open("wb") as file:
        pillow_heif.encode(mode, picture.size, samples, file, enc_params={"preset": "ultrafast"}, **options)


def drawn_animations(frames: int, folder: Path) -> Iterator[Path]:
    """An animation of so many frames in each format that holds one, as files."""
    for format_ in ("GIF", "WEBP", "PNG"):
        path = folder / f"{frames} frames {format_}"
        pictures = [_texture(800, 600, seed) for seed in range(frames)]
        pictures[0].save(path, format_, save_all=True, append_images=pictures[1:], duration=50, loop=0)
        yield path


VARIETIES: Final[tuple[Variety, ...]] = (
    ("JPEG", "RGB", "JPEG", {}),
    ("JPEG gray", "L", "JPEG", {}),
    ("JPEG CMYK", "CMYK", "JPEG", {}),
    ("JPEG progressive", "RGB", "JPEG", {"progressive": True}),
    ("JPEG progressive 444", "RGB", "JPEG", {"progressive": True, "subsampling": "4:4:4", "quality": 95}),
    ("PNG", "RGB", "PNG", {"compress_level": 1}),
    ("PNG alpha", "RGBA", "PNG", {"compress_level": 1}),
    ("PNG gray", "L", "PNG", {"compress_level": 1}),
    ("PNG gray alpha", "LA", "PNG", {"compress_level": 1}),
    ("PNG palette", "P", "PNG", {"compress_level": 1}),
    ("PNG 1 bit", "1", "PNG", {}),
    ("PNG 16 bit", "I;16", "PNG", {"compress_level": 1}),
    ("WebP", "RGB", "WEBP", {"method": 0}),
    ("WebP lossless alpha", "RGBA", "WEBP", {"lossless": True, "method": 0, "quality": 0}),
    ("GIF", "P", "GIF", {}),
    ("TIFF", "RGB", "TIFF", {}),
    ("TIFF deflate", "RGB", "TIFF", {"compression": "tiff_adobe_deflate"}),
    ("TIFF CMYK", "CMYK", "TIFF", {}),
    ("TIFF float", "F", "TIFF", {}),
    ("BMP", "RGB", "BMP", {}),
    ("AVIF", "RGB", "AVIF", {"speed": 10}),
    ("JPEG 2000", "RGB", "JPEG2000", {}),
    ("HEIC", "RGB", "HEIF", {}),
    ("HEIC tiles", "RGB", "HEIF", {"tile_size": 512}),
    ("HEIC alpha", "RGBA", "HEIF", {}),
    ("HEIC gray", "L", "HEIF", {}),
    ("HEIC 422 10 bit", "RGB", "HEIF", {"bits": 10, "chroma": 422}),
    ("HEIC 444 10 bit", "RGB", "HEIF", {"bits": 10, "chroma": 444}),
    ("HEIC 444 10 bit alpha", "RGBA", "HEIF", {"bits": 10, "chroma": 444}),
)

# What is drawn as noise and resized to WIDE.
WIDE_VARIETIES: Final = tuple(each for each in VARIETIES if each[0] in {"JPEG", "PNG", "PNG alpha", "GIF", "WebP"})


def _texture(width: int, height: int, seed: int = 1) -> Image.Image:
    noise = random.Random(seed)  # noqa: S311 # a picture needs no secure randomness
    small = Image.frombytes("RGB", (width // 8, height // 8), noise.randbytes((width // 8) * (height // 8) * 3))
    return small.resize((width, height), Image.Resampling.BILINEAR)


def table(comparisons: Iterable[Comparison]) -> Table:
    """Plan and peak side by side, with what does not hold in red."""
    shown = Table("image", "plan MB", "peak MB", "plan / peak", "outcome")
    for each in comparisons:
        style = None if each.holds else "red"
        ratio = f"{each.planned / each.measured:.2f}"
        shown.add_row(each.name, f"{each.planned:.0f}", f"{each.measured:.0f}", ratio, each.outcome, style=style)
    return shown


def main(arguments: list[str]) -> int:
    """Compare the named images, or drawn ones; 1 where the plan does not hold for some."""
    if arguments[:1] == ["--measure"]:
        measure(Path(arguments[1]), Settings(widths=parse_widths(arguments[2]), formats=tuple(arguments[3].split(","))))
        return 0
    widths = WIDTHS
    if arguments[:1] == ["--widths"]:
        widths, arguments = parse_widths(arguments[1]), arguments[2:]
    with TemporaryDirectory() as name:
        folder = Path(name)
        asked = [(Path(argument).resolve(), widths) for argument in arguments]
        if not asked:
            asked += [(path, widths) for path in drawn_images(folder)]
            asked += [(drawn_noise(variety, 4000, 3000, folder), WIDE) for variety in WIDE_VARIETIES]
        comparisons = [compare(*each) for each in track(asked, "Measuring", console=Console(stderr=True))]
    Console().print(table(comparisons))
    return 0 if all(each.holds for each in comparisons) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
