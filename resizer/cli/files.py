"""Runs local files through the pipeline, without AWS."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from resizer.cli.folder import FolderS3
from resizer.cli.settings import source_bucket
from resizer.cli.sources import LocalSource
from resizer.cli.writable import explain
from resizer.errors import UsageError
from resizer.model import SourceObject
from resizer.pipeline import process
from resizer.report import Outcome, Report
from resizer.settings import Settings

Result = tuple[LocalSource, Report | UsageError]


def resize_files(sources: Iterable[LocalSource], out: Path, settings: Settings) -> Iterator[Result]:
    """Resize each file; yields its report, or the error if it could not be read or written.

    A watermark's key is a path from the working directory.
    """
    folder = FolderS3({}, out, settings.output_bucket)
    for source in sources:
        try:
            yield source, _resize_file(source, settings, folder)
        except UsageError as problem:
            yield source, problem


def _resize_file(source: LocalSource, settings: Settings, folder: FolderS3) -> Report:
    key = source.key
    if settings.is_output(key):
        raise UsageError(f"Its key {key} begins with {settings.output_prefix}, like a rendition; give it another name.")
    if key in folder.sources:
        raise UsageError(f"It has the same name as {folder.sources[key]}; resize it to another --out.")
    try:
        if source.path.is_dir():
            raise UsageError("This folder cannot be read.")
        uploaded = SourceObject(source_bucket(settings), key)
        watermarks = {mark.key: Path(mark.key) for mark in settings.watermarks.values()}
        report = process(uploaded, settings, replace(folder, sources={**watermarks, key: source.path}))
    except OSError as problem:
        raise UsageError(explain(problem, source.path)) from problem
    if report.outcome is Outcome.RESIZED:
        folder.sources[key] = source.path
    return report
