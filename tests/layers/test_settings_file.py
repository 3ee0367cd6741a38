"""The build packs the checked settings file beside the function's code, or stops with all its mistakes."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from layers import build
from resizer.errors import ConfigError
from resizer.settings import Settings, file
from tests.conftest import PROJECT

if TYPE_CHECKING:
    from pathlib import Path

TEXT = "[[rules]]\nmatch = 'raw/**'\nskip = true\n"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project's folder, and no file that the environment names."""
    monkeypatch.delenv(file.VARIABLE, raising=False)
    (tmp_path / "project").mkdir()
    (tmp_path / "function").mkdir()
    return tmp_path / "project"


def test_the_projects_file_is_packed(project: Path, tmp_path: Path) -> None:
    """`resizer.toml` of the project comes with what was checked, and the function reads it."""
    (project / "resizer.toml").write_text(TEXT)
    build.pack_settings(tmp_path / "function", project)
    packed = tmp_path / "function" / "resizer.toml"
    assert sorted(path.name for path in packed.parent.iterdir()) == ["resizer.checked.json", "resizer.toml"]
    assert Settings.from_env({file.VARIABLE: str(packed)}).rule_for("raw/x").skip


def test_the_named_file_is_packed(project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`RESIZER_CONFIG` wins over the project's own, and is packed under the name that the function looks for."""
    (project / "resizer.toml").write_text("x = 1")
    (project / "shop.toml").write_text(TEXT)
    monkeypatch.setenv(file.VARIABLE, "shop.toml")
    build.pack_settings(tmp_path / "function", project)
    assert (tmp_path / "function" / "resizer.toml").read_text() == TEXT


def test_no_file_is_fine(project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a file nothing is packed; one that is named has to be there."""
    build.pack_settings(tmp_path / "function", project)
    assert list((tmp_path / "function").iterdir()) == []
    monkeypatch.setenv(file.VARIABLE, "shop.toml")
    with pytest.raises(ConfigError, match=r"shop\.toml: cannot be read"):
        build.pack_settings(tmp_path / "function", project)


@pytest.mark.parametrize("what", ["function", "settings"])
def test_a_mistaken_file_ends_the_build_with_all_its_mistakes(what: str, tmp_path: Path) -> None:
    """What `sam build` calls, and what `make build` calls before, exits with an error that lists every mistake."""
    path = tmp_path / "shop.toml"
    path.write_text("[defaults]\nrenditions = [0]\neffort = 'most'\n")
    command = [sys.executable, "-m", "layers.build", what, str(tmp_path / "function")]
    environ = {**os.environ, file.VARIABLE: str(path)}
    done = subprocess.run(command, cwd=PROJECT, env=environ, check=False, capture_output=True, text=True)
    assert done.returncode == 1
    assert f"{path}: defaults.renditions[0]: must be" in done.stderr
    assert f"{path}: defaults.effort: must be one of" in done.stderr
    assert "Traceback" not in done.stderr
