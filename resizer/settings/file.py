"""Finds and reads `resizer.toml`, and checks it unless the build has done so."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from resizer.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

VARIABLE: Final = "RESIZER_CONFIG"
NAME: Final = "resizer.toml"
CODE: Final = "LAMBDA_TASK_ROOT"  # by which Lambda names the folder of the function's code
CHECKED: Final = ".checked.json"  # behind the file's stem: what the build has checked


def find(environ: Mapping[str, str]) -> Path | None:
    """The file that `RESIZER_CONFIG` names, or that is in the working directory, or beside the code; None without one.

    A named file is returned whether it is there or not.
    """
    if named := environ.get(VARIABLE, "").strip():
        return Path(named)
    folders = [environ[CODE]] if environ.get(CODE) else []
    return next((path for folder in (".", *folders) if (path := Path(folder, NAME)).is_file()), None)


def read(path: Path) -> dict[str, Any]:
    """The checked document of a file. Raises `ConfigError` with all its mistakes, each by file and path."""
    raw = _bytes(path)
    document = _checked_before(path, raw)
    return check(path, raw) if document is None else document


def check(path: Path, raw: bytes | None = None) -> dict[str, Any]:
    """Check a file, even if the build has checked it. Raises `ConfigError` with all its mistakes."""
    from resizer.settings import checking  # noqa: PLC0415 # 20 ms that a cold start can do without

    raw = _bytes(path) if raw is None else raw
    try:
        return checking.check(raw.decode())
    except UnicodeDecodeError:
        raise ConfigError([f"{path}: must be UTF-8"]) from None
    except ConfigError as wrong:
        raise ConfigError([f"{path}: {mistake}" for mistake in wrong.mistakes]) from None


def pack(path: Path, folder: Path) -> None:
    """Check a file and copy it to a folder, with the checked document beside it. Raises `ConfigError`."""
    raw = _bytes(path)
    checked = {"sha256": hashlib.sha256(raw).hexdigest(), "document": check(path, raw)}
    target = folder / NAME
    target.write_bytes(raw)
    target.with_suffix(CHECKED).write_text(json.dumps(checked, separators=(",", ":")), encoding="utf-8")


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as problem:
        raise ConfigError([f"{path}: cannot be read: {problem.strerror}"]) from None


def _checked_before(path: Path, raw: bytes) -> dict[str, Any] | None:
    """The document that the build checked, if it checked exactly these bytes."""
    try:
        stored = json.loads(path.with_suffix(CHECKED).read_bytes())
        is_same = stored["sha256"] == hashlib.sha256(raw).hexdigest()
        return stored["document"] if is_same else None
    except (OSError, ValueError, LookupError, TypeError):
        return None
