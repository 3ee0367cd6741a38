"""The wheel holds what a user runs, and its command works where it is installed, with and without the extras."""

from __future__ import annotations

import re
import site
import subprocess
import sys
import zipfile
from importlib.metadata import version
from typing import TYPE_CHECKING

import pytest

from tests.conftest import PROJECT
from tests.support.pictures import photo_like, saved

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow

PIP = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel that `pip install .` builds, made here without the network."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [*PIP, "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", str(folder), str(PROJECT)]
    subprocess.run(command, check=True, capture_output=True, timeout=100)
    (path,) = folder.glob("*.whl")
    return path


@pytest.fixture
def installed(wheel: Path, tmp_path: Path) -> Path:
    """A new virtual environment with the wheel and nothing else; its folder of programs."""
    place = tmp_path / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(place)], check=True, timeout=60)
    python = place / "bin" / "python"
    command = [*PIP, "--python", str(python), "install", "--no-deps", "--no-index", str(wheel)]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    return python.parent


def run(*command: object, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        list(map(str, command)),
        check=False,
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=60,
        env={"COLUMNS": "120"},
    )


def test_the_wheel_holds_the_package_and_nothing_that_needs_a_checkout(wheel: Path) -> None:
    """Everything in it lies in `resizer/`; no module looks for folders above the package."""
    with zipfile.ZipFile(wheel) as archive:
        names = [name for name in archive.namelist() if ".dist-info/" not in name]
        assert {name.split("/")[0] for name in names} == {"resizer"}
        assert {"resizer/cli/prices.toml", "resizer/cli/sheet.html.j2", "resizer/py.typed"} <= set(names)
        for name in names:
            text = archive.read(name).decode()
            assert not [
                word for word in (".parents[", "devtools", "pyproject.toml", "template.yaml") if word in text
            ], name


def test_without_the_extra_the_command_says_what_to_install(installed: Path, tmp_path: Path) -> None:
    """One line names the package that is missing and the command that installs it; exit code 2, no traceback."""
    expected = r'resizer: The command needs (typer|rich): run `pip install "\.\[local\]"` in a checkout of Resizer\.\n'
    for program, *words in (["resizer"], ["python", "-m", "resizer"]):
        done = run(installed / program, *words, "--help", cwd=tmp_path)
        assert (done.returncode, done.stdout) == (2, "")
        assert re.fullmatch(expected, done.stderr)


def test_with_the_extra_every_command_works_from_the_wheel(installed: Path, tmp_path: Path) -> None:
    """Beside the packages of the extra, all commands run where there is no checkout."""
    (packages,) = (installed.parent / "lib").glob("*/site-packages")
    (packages / "extra.pth").write_text("\n".join(site.getsitepackages()))  # the extra's packages, without ours
    (tmp_path / "cat.jpg").write_bytes(saved(photo_like(300, 200)))
    where = run(installed / "python", "-c", "import resizer; print(resizer.__file__)", cwd=tmp_path)
    assert where.stdout.startswith(str(packages))
    for command in ([installed / "resizer"], [installed / "python", "-m", "resizer"]):
        done = run(*command, "--version", cwd=tmp_path)
        assert (done.stdout, done.stderr) == (f"resizer {version('resizer-s3-lambda')}\n", "")
    for arguments in (["files", "cat.jpg", "--sheet", "look.html"], ["demo", "cat.jpg"], ["cost", "--ms", "1"]):
        more = ["--images", "1", "--memory", "128"] if arguments[0] == "cost" else []
        done = run(installed / "resizer", *arguments, *more, cwd=tmp_path)
        assert (done.returncode, done.stderr) == (0, ""), arguments
