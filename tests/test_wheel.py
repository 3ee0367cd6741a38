"""The wheel has everything that users run, and its command works once installed, with and without extras."""

import re
import site
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import pytest

from tests.conftest import PROJECT
from tests.support.pictures import photo_like, saved

pytestmark = pytest.mark.slow

PIP = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel that `pip install .` builds, built without the network."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [*PIP, "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", str(folder), str(PROJECT)]
    subprocess.run(command, check=True, capture_output=True, timeout=100)
    (path,) = folder.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def installed(wheel: Path) -> Path:
    """The `bin` folder of a new virtual environment with only the wheel installed."""
    place = wheel.parent / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(place)], check=True, timeout=60)
    python = place / "bin" / "python"
    command = [*PIP, "--python", str(python), "install", "--no-deps", "--no-index", str(wheel)]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    return python.parent


@pytest.fixture
def packages(installed: Path) -> Iterator[Path]:
    """The environment's packages, with those of the extra but without our own checkout."""
    (packages,) = (installed.parent / "lib").glob("*/site-packages")
    extra = packages / "extra.pth"
    extra.write_text("\n".join(site.getsitepackages()))
    yield packages
    extra.unlink()


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


def test_the_wheel_has_only_the_package(wheel: Path) -> None:
    """The wheel has only `resizer/`, and no module in it needs files of the checkout."""
    with zipfile.ZipFile(wheel) as archive:
        names = [name for name in archive.namelist() if ".dist-info/" not in name]
        assert {name.split("/")[0] for name in names} == {"resizer"}
        assert {"resizer/cli/prices.toml", "resizer/cli/sheet.html.j2", "resizer/py.typed"} <= set(names)
        for name in names:
            text = archive.read(name).decode()
            assert not [
                word for word in (".parents[", "devtools", "pyproject.toml", "template.yaml") if word in text
            ], name


def test_without_extras_the_command_says_what_to_install(installed: Path, tmp_path: Path) -> None:
    """Without the extra, one line names the missing package and the command to install it; exit 2."""
    expected = r'resizer: The command needs (typer|rich): run `pip install "\.\[local\]"` in a checkout of Resizer\.\n'
    for program, *words in (["resizer"], ["python", "-m", "resizer"]):
        done = run(installed / program, *words, "--help", cwd=tmp_path)
        assert (done.returncode, done.stdout) == (2, "")
        assert re.fullmatch(expected, done.stderr)


def test_with_the_extra_every_command_works(installed: Path, packages: Path, tmp_path: Path) -> None:
    """With the packages of the extra, all commands run without a checkout."""
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
