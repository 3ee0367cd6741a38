"""The Python of Lambda's version is found, or one line says how to install it."""

import sys
from pathlib import Path

import pytest

from devtools.lambda_runtime.interpreter import NAME, VERSION, runtime_python
from resizer.errors import UsageError


def fake_python(file: Path, version: str) -> Path:
    """A program that reports this Python version."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"#!/bin/sh\necho {version}\n")
    file.chmod(0o755)
    return file


@pytest.fixture(autouse=True)
def _tests_run_on_another_version(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sys, "executable", str(fake_python(tmp_path / "this", "3.9")))


def test_it_is_found_on_the_path_or_below_pyenv(tmp_path: Path) -> None:
    """The first Python of the version on the path wins, and pyenv's own folder comes last."""
    elsewhere = fake_python(tmp_path / "home" / ".pyenv" / "versions" / f"{VERSION}.7" / "bin" / NAME, VERSION)
    shim = fake_python(tmp_path / "shims" / NAME, "3.12")
    environ = {"PATH": str(shim.parent), "HOME": str(tmp_path / "home")}
    assert runtime_python(environ) == elsewhere
    on_path = fake_python(tmp_path / "bin" / NAME, VERSION)
    assert runtime_python({**environ, "PATH": f"{shim.parent}:{on_path.parent}"}) == on_path


def test_if_there_is_none_one_line_says_how_to_install_it(tmp_path: Path) -> None:
    """If none is found, or RUNTIME_PYTHON is another version, the message says what to do."""
    environ = {"PATH": str(tmp_path), "HOME": str(tmp_path)}
    with pytest.raises(UsageError, match=rf"^No Python {VERSION} found. .*`uv python install {VERSION}`.*$"):
        runtime_python(environ)
    with pytest.raises(UsageError, match=rf"^RUNTIME_PYTHON=\S+this is not a Python {VERSION}: set it to one"):
        runtime_python({**environ, "RUNTIME_PYTHON": sys.executable})
