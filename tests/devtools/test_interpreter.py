"""The Python of Lambda's version is found, or one line says how to get it: `devtools.lambda_runtime.interpreter`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from devtools.lambda_runtime.interpreter import NAME, VERSION, runtime_python
from resizer.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path


def stand_in(file: Path, version: str) -> Path:
    """A program that says it is a Python of this version."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"#!/bin/sh\necho {version}\n")
    file.chmod(0o755)
    return file


@pytest.fixture(autouse=True)
def _another_python_runs_this(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sys, "executable", str(stand_in(tmp_path / "this", "3.9")))


def test_it_is_found_on_the_path_and_where_pyenv_keeps_it(tmp_path: Path) -> None:
    """The first on the path that has the version, which not each of pyenv's stand-ins has; then pyenv's own folder."""
    elsewhere = stand_in(tmp_path / "home" / ".pyenv" / "versions" / f"{VERSION}.7" / "bin" / NAME, VERSION)
    shim = stand_in(tmp_path / "shims" / NAME, "3.12")
    environ = {"PATH": str(shim.parent), "HOME": str(tmp_path / "home")}
    assert runtime_python(environ) == elsewhere
    on_path = stand_in(tmp_path / "bin" / NAME, VERSION)
    assert runtime_python({**environ, "PATH": f"{shim.parent}:{on_path.parent}"}) == on_path


def test_where_there_is_none_one_line_says_how_to_get_it(tmp_path: Path) -> None:
    """Nothing found, or the wrong one named: the message names the version and what to do."""
    environ = {"PATH": str(tmp_path), "HOME": str(tmp_path)}
    with pytest.raises(UsageError, match=rf"^No Python {VERSION} found. .*`uv python install {VERSION}`.*$"):
        runtime_python(environ)
    with pytest.raises(UsageError, match=rf"^RUNTIME_PYTHON=\S+this is not a Python {VERSION}: set it to one"):
        runtime_python({**environ, "RUNTIME_PYTHON": sys.executable})
