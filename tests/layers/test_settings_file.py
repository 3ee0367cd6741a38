"""The build checks the settings file and packs it with the function, or stops with all mistakes."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from layers import build
from resizer.errors import ConfigError
from resizer.settings import Settings, file
from tests.conftest import PROJECT

TEXT = "[[rules]]\nmatch = 'raw/**'\nskip = true\n"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty project folder, with no settings file in the environment."""
    monkeypatch.delenv(file.VARIABLE, raising=False)
    (tmp_path / "project").mkdir()
    (tmp_path / "function").mkdir()
    return tmp_path / "project"


def test_the_projects_file_is_packed(project: Path, tmp_path: Path) -> None:
    """The project's `resizer.toml` is packed with its checked form, and the function reads it."""
    (project / "resizer.toml").write_text(TEXT)
    build.pack_settings(tmp_path / "function", project)
    packed = tmp_path / "function" / "resizer.toml"
    assert sorted(path.name for path in packed.parent.iterdir()) == ["resizer.checked.json", "resizer.toml"]
    assert Settings.from_env({file.VARIABLE: str(packed)}).rule_for("raw/x").skip


def test_the_named_file_is_packed(project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file of `RESIZER_CONFIG` wins over the project's own and is packed as `resizer.toml`."""
    (project / "resizer.toml").write_text("x = 1")
    (project / "shop.toml").write_text(TEXT)
    monkeypatch.setenv(file.VARIABLE, "shop.toml")
    build.pack_settings(tmp_path / "function", project)
    assert (tmp_path / "function" / "resizer.toml").read_text() == TEXT


def test_a_settings_file_is_optional(project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a file nothing is packed; a file that RESIZER_CONFIG names must exist."""
    build.pack_settings(tmp_path / "function", project)
    assert list((tmp_path / "function").iterdir()) == []
    monkeypatch.setenv(file.VARIABLE, "shop.toml")
    with pytest.raises(ConfigError, match=r"shop\.toml: cannot be read"):
        build.pack_settings(tmp_path / "function", project)


@pytest.mark.parametrize("what", ["function", "settings"])
def test_a_wrong_file_stops_the_build_with_all_mistakes(what: str, tmp_path: Path) -> None:
    """`layers.build` for `sam build` and for `make build` fails and lists every mistake."""
    path = tmp_path / "shop.toml"
    path.write_text("[defaults]\nrenditions = [0]\neffort = 'most'\n")
    command = [sys.executable, "-m", "layers.build", what, str(tmp_path / "function")]
    environ = {**os.environ, file.VARIABLE: str(path)}
    done = subprocess.run(command, cwd=PROJECT, env=environ, check=False, capture_output=True, text=True)
    assert done.returncode == 1
    assert f"{path}: defaults.renditions[0]: must be" in done.stderr
    assert f"{path}: defaults.effort: must be one of" in done.stderr
    assert "Traceback" not in done.stderr
