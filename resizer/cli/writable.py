"""Whether something can be written where a person wants it, found out before the work."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryFile

from resizer.errors import UsageError


def need_folder(folder: Path) -> None:
    """Make a folder and those above it where they are missing. Raises `UsageError` where it takes no files."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=folder):
            pass
    except FileExistsError as problem:
        raise UsageError(f"{folder} is a file and no folder that can be written to.") from problem
    except OSError as problem:
        raise UsageError(f"Nothing can be written to {folder}: {problem.strerror}.") from problem


def need_file(file: Path) -> None:
    """Make a file where it is missing, and at most the folder that it is in. Raises `UsageError` where it cannot be."""
    try:
        file.parent.mkdir(exist_ok=True)
        file.open("ab").close()
    except OSError as problem:
        raise UsageError(f"{file} cannot be written: {told(problem, file)}") from problem


def told(problem: OSError, path: Path) -> str:
    """What is wrong, and with which file where that is another than `path`, which the reader knows of."""
    what = f"{problem.strerror or problem}."
    return what if problem.filename is None or Path(problem.filename) == path else f"{problem.filename}: {what}"
