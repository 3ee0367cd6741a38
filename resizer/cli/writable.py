"""Checks that output can be written, before a command starts its work."""

from pathlib import Path
from tempfile import TemporaryFile

from resizer.errors import UsageError


def need_folder(folder: Path) -> None:
    """Make a folder and its missing parents. Raises `UsageError` if files cannot be written to it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=folder):
            pass
    except FileExistsError as problem:
        raise UsageError(f"{folder} is a file, not a folder.") from problem
    except OSError as problem:
        raise UsageError(f"The folder {folder} cannot be written to: {problem.strerror}.") from problem


def need_file(file: Path) -> None:
    """Make a file if it is missing, and its folder. Raises `UsageError` if that fails."""
    try:
        file.parent.mkdir(exist_ok=True)
        file.open("ab").close()
    except OSError as problem:
        raise UsageError(f"{file} cannot be written: {explain(problem, file)}") from problem


def explain(problem: OSError, path: Path) -> str:
    """The error's text, with the file's name unless it is `path`."""
    text = f"{problem.strerror or problem}."
    return text if problem.filename is None or Path(problem.filename) == path else f"{problem.filename}: {text}"
