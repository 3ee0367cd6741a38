"""Finds and reads `resizer.toml`, and checks it unless the build has done so."""

import json
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from resizer.errors import ConfigError

VARIABLE: Final = "RESIZER_CONFIG"
NAME: Final = "resizer.toml"
CODE_FOLDER: Final = "LAMBDA_TASK_ROOT"  # Lambda's variable for the folder of the function's code
CHECKED: Final = ".checked.json"  # replaces `.toml`: a file with the text that the build has checked, and its document


def find(environ: Mapping[str, str]) -> Path | None:
    """The file that `RESIZER_CONFIG` names, or that is in the working directory, or beside the code; None without one.

    A named file is returned whether it exists or not.
    """
    if named := environ.get(VARIABLE, "").strip():
        return Path(named)
    folders = [".", *filter(None, [environ.get(CODE_FOLDER)])]
    return next((path for folder in folders if (path := Path(folder, NAME)).is_file()), None)


def read(path: Path) -> dict[str, Any]:
    """The checked document of a file. Raises `ConfigError` with all mistakes, each by file and path."""
    text = _text(path)
    with suppress(OSError, ValueError, LookupError, TypeError):  # missing or damaged: the file is checked here
        stored: dict[str, Any] = json.loads(path.with_suffix(CHECKED).read_bytes())
        if stored["text"] == text:
            document: dict[str, Any] = stored["document"]
            return document
    from resizer.settings.check import check  # noqa: PLC0415 # saves 50 ms of a cold start

    try:
        return check(text)
    except ConfigError as wrong:
        raise ConfigError([f"{path}: {mistake}" for mistake in wrong.mistakes]) from None


def pack(path: Path, folder: Path) -> None:
    """Check a file and copy it to a folder, with the checked document beside it. Raises `ConfigError`."""
    text = _text(path)
    checked = json.dumps({"text": text, "document": read(path)})
    target = folder / NAME
    target.write_bytes(text.encode())
    target.with_suffix(CHECKED).write_text(checked, encoding="utf-8")


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig")  # editors on Windows may add a byte order mark
    except OSError as problem:
        raise ConfigError([f"{path}: cannot be read: {problem.strerror}"]) from None
    except UnicodeDecodeError:
        raise ConfigError([f"{path}: must be UTF-8"]) from None
