"""Local files through the pipeline, with no AWS."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

from resizer.errors import UsageError
from resizer.local.folder import FolderS3
from resizer.model import SourceObject
from resizer.pipeline import process
from resizer.report import Outcome
from resizer.settings import Settings
from resizer.variables import OnDelete

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from resizer.report import Report


def local_settings(widths: str | None) -> Settings:
    """The environment's settings, with `widths` as `RESIZER_WIDTHS` has them; every file is a source,
    and nothing is ever removed.

    Raises `ConfigError`.
    """
    given = {"RESIZER_WIDTHS": widths} if widths else {}
    settings = Settings.from_env({**os.environ, **given})
    return replace(settings, source_prefix="", buckets=frozenset(), on_delete=OnDelete.KEEP)


def resize_files(images: Sequence[Path], out: Path, settings: Settings) -> Iterator[tuple[Path, Report | UsageError]]:
    """Each file in turn with its report, or with the reason why it could not be read or written."""
    folder = FolderS3({}, out)
    taken: dict[str, Path] = {}
    for image in images:
        try:
            yield image, _resize_file(image, settings, folder, taken)
        except UsageError as problem:
            yield image, problem


def _resize_file(image: Path, settings: Settings, folder: FolderS3, taken: dict[str, Path]) -> Report:
    key = image.name
    if image.is_dir():
        raise UsageError(f"{image} is a folder; name the images in it.")
    if key in taken:
        raise UsageError(f"{image} has the same name as {taken[key]}; resize it into another --out.")
    folder.sources[key] = image
    try:
        report = process(SourceObject("local", key), settings, folder)
    except OSError as problem:
        raise UsageError(f"{problem.filename or image}: {problem.strerror or problem}.") from problem
    if report.outcome is Outcome.RESIZED:
        taken[key] = image
    return report
