"""The pictures to measure with, and how often each kind comes: the mix."""

from __future__ import annotations

import hashlib
import os
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote_plus

from resizer.cli.files import resize_files
from resizer.cli.sources import LocalSource
from resizer.cli.tables import refusal
from resizer.decode.header import open_image
from resizer.decode.limits import Limits
from resizer.errors import UsageError
from resizer.local.samples import samples
from resizer.memory.encoding import Planned
from resizer.memory.plan import memory_needed
from resizer.memory.process import RESERVED
from resizer.planning.geometry import rendition_sizes, whole
from resizer.planning.outputs import extra_formats
from resizer.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable

SUFFIXES: Final = {".jpg", ".jpeg", ".png", ".webp", ".gif", ".tif", ".tiff", ".bmp", ".avif"}
ANY: Final = 10**12  # pixels


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture of the mix: its file, its share of all images (any positive number), and what the plan says of it.

    `needed_bytes` is the memory plan's, beyond what the function holds before its first picture.
    """

    path: Path
    share: float
    needed_bytes: int

    @property
    def name(self) -> str:
        """Its file's name."""
        return self.path.name

    def planned_bytes(self, base_bytes: int) -> int:
        """What a whole function needs for it, having `base_bytes` in use before."""
        return base_bytes + RESERVED + self.needed_bytes


def pictures(
    folder: Path | None, mix: Path | None, made: Path, left_out: Callable[[str], None] = lambda _: None
) -> list[Picture]:
    """The pictures of a folder, or drawn samples (written to `made`) where none is named.

    `mix` is a TOML file of `"file name" = share` lines; what it does not name is left out. Without one all are equal.
    `left_out` hears of each file that cannot be used, with the reason. Raises `UsageError` where there is nothing to
    measure.
    """
    if folder is None:
        made.mkdir(parents=True, exist_ok=True)
        for name, body in samples().items():
            (made / name).write_bytes(body)
        folder = made
    files = sorted(path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES)
    shares = _shares(mix) if mix else {path.name: 1.0 for path in files}
    usable = _usable([path for path in files if shares.get(path.name, 0) > 0], left_out)
    found = [Picture(path, shares[path.name], _needed(path)) for path in usable]
    if strange := sorted(shares.keys() - {path.name for path in files}):
        raise UsageError(f"{mix} names {', '.join(strange)}, which {folder} does not hold.")
    if not found:
        raise UsageError(f"{folder} holds no pictures that can be used; name a folder with PHOTOS=.")
    return found


@cache
def own_settings() -> Settings:
    """The settings of the environment and `resizer.toml`, by which the pictures are resized."""
    return Settings.from_env(os.environ)


def _usable(files: list[Path], left_out: Callable[[str], None]) -> list[Path]:
    """Those that the pipeline resizes, found out by resizing each once."""
    found = []
    with TemporaryDirectory() as out:
        for source, result in resize_files([LocalSource(path, path.name) for path in files], Path(out), own_settings()):
            if why := refusal(result):
                left_out(f"{source.path}: {why}")
            else:
                found.append(source.path)
    return found


def event(bucket: str, key: str, path: Path, etag: str | None = None) -> dict[str, Any]:
    """The notification that S3 sends when a picture has been uploaded; without `etag` it is that of plain storage."""
    body = path.read_bytes()
    etag = etag or hashlib.md5(body, usedforsecurity=False).hexdigest()
    stored = {"key": quote_plus(key), "size": len(body), "eTag": etag, "sequencer": "0055AED6DCD90281E5"}
    record = {"eventSource": "aws:s3", "eventName": "ObjectCreated:Put"}
    return {"Records": [{**record, "s3": {"bucket": {"name": bucket}, "object": stored}}]}


def _shares(mix: Path) -> dict[str, float]:
    try:
        table = tomllib.loads(mix.read_text(encoding="utf-8"))
        return {name: float(share) for name, share in table.items()}
    except (OSError, tomllib.TOMLDecodeError, TypeError, ValueError) as problem:
        raise UsageError(f'{mix} is no mix: {problem}. It takes lines such as "cat.jpg" = 3.') from problem


def _needed(path: Path) -> int:
    size, settings = path.stat().st_size, own_settings()
    with path.open("rb") as stream:
        _, header = open_image(stream, Limits(max_pixels=ANY, widths=settings.widths, file_size=size))
    sizes, formats = (
        rendition_sizes(header.upright_size, settings.widths),
        [header.own_format, *extra_formats(settings)],
    )
    planned = [Planned(whole(header.upright_size, each), formats) for each in sizes]
    return memory_needed(header, planned=planned, file_size=size)
