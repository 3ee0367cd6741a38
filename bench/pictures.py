"""The pictures to measure with, and the share of each in the mix."""

import os
import tomllib
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from resizer.cli.files import resize_files
from resizer.cli.sources import LocalSource
from resizer.cli.tables import refusal
from resizer.decode.header import limits_for, open_image
from resizer.errors import UsageError
from resizer.local.samples import samples
from resizer.memory.plan import memory_needed
from resizer.memory.process import RESERVED
from resizer.planning.outputs import plan
from resizer.settings import Settings

SUFFIXES: Final = {".jpg", ".jpeg", ".png", ".webp", ".gif", ".tif", ".tiff", ".bmp", ".avif"}
NO_PIXEL_LIMIT: Final = 10**12


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture of the mix: its file, its share of all images (any positive number), and its memory plan.

    `needed_bytes` comes on top of what the function uses before its first picture.
    """

    path: Path
    share: float
    needed_bytes: int

    @property
    def name(self) -> str:
        """The name of the file."""
        return self.path.name

    def planned_bytes(self, base_bytes: int) -> int:
        """The memory plan for a function that uses `base_bytes` before its first picture."""
        return base_bytes + RESERVED + self.needed_bytes


def pictures(
    folder: Path | None, mix: Path | None, samples_folder: Path, on_unusable: Callable[[str], None] = lambda _: None
) -> list[Picture]:
    """The pictures of a folder. Without one, draws samples into `samples_folder`.

    `mix` is a TOML file of `"file name" = share` lines, and pictures that it does not name are left out. Without it all
    shares are equal. `on_unusable` is called with the name of each file that cannot be resized, and the reason. Raises
    `UsageError` if there is nothing to measure.
    """
    if folder is None:
        samples_folder.mkdir(parents=True, exist_ok=True)
        for name, body in samples().items():
            (samples_folder / name).write_bytes(body)
        folder = samples_folder
    files = sorted(path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES)
    shares = _shares(mix) if mix else {path.name: 1.0 for path in files}
    usable = _usable([path for path in files if shares.get(path.name, 0) > 0], on_unusable)
    found = [Picture(path, shares[path.name], _needed(path)) for path in usable]
    if missing := sorted(shares.keys() - {path.name for path in files}):
        raise UsageError(f"{mix} names {', '.join(missing)}, which {folder} does not have.")
    if not found:
        raise UsageError(f"{folder} has no pictures that can be resized. Name a folder with PHOTOS=.")
    return found


@cache
def bench_settings() -> Settings:
    """The settings of the environment and `resizer.toml`."""
    return Settings.from_env(os.environ)


def _usable(files: list[Path], on_unusable: Callable[[str], None]) -> list[Path]:
    """Resize each file once; returns those that can be resized."""
    found = []
    with TemporaryDirectory() as out:
        sources = [LocalSource(path, path.name) for path in files]
        for source, result in resize_files(sources, Path(out), bench_settings()):
            if why := refusal(result):
                on_unusable(f"{source.path}: {why}")
            else:
                found.append(source.path)
    return found


def _shares(mix: Path) -> dict[str, float]:
    try:
        table = tomllib.loads(mix.read_text(encoding="utf-8"))
        return {name: float(share) for name, share in table.items()}
    except (OSError, tomllib.TOMLDecodeError, TypeError, ValueError) as problem:
        raise UsageError(f'{mix} cannot be read: {problem}. Write lines such as "cat.jpg" = 3.') from problem


def _needed(path: Path) -> int:
    size, settings = path.stat().st_size, bench_settings()
    with path.open("rb") as stream:
        plan_for = partial(plan, path.name, settings=settings)
        limits = replace(limits_for(settings, size, plan_for), max_pixels=NO_PIXEL_LIMIT)
        _, header = open_image(stream, limits)
    return memory_needed(header, planned=limits.planned(header), file_size=size)
