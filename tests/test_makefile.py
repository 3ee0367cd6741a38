"""`make clean` removes everything that was built, and make refuses unknown variables in lowercase."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.conftest import PROJECT

ANSWERS = "samconfig.toml"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder with only the makefiles."""
    for name in ("Makefile", "stack.mk", "bench/bench.mk", ".gitignore"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copyfile(PROJECT / name, tmp_path / name)
    return tmp_path


def make(project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = ["make", "--directory", str(project), *arguments]
    environment = {"PATH": "/usr/local/bin:/usr/bin:/bin"}  # no variables of an outer make
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def test_clean_removes_everything_in_gitignore(project: Path) -> None:
    """`make clean` removes everything that .gitignore lists, except for samconfig.toml."""
    (project / ANSWERS).touch()
    kept = sorted(path for path in project.rglob("*") if path.is_file())
    patterns = (project / ".gitignore").read_text().split()
    for name in ("resizer/cli/__pycache__/", *(pattern.replace("*", "any") for pattern in patterns)):
        target = project / name / "file" if name.endswith("/") or name.startswith(".venv") else project / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.touch()
    done = make(project, "clean")
    assert done.returncode == 0, done.stderr
    assert sorted(path for path in project.rglob("*") if path.is_file()) == kept


def test_a_variable_in_lowercase_is_refused(project: Path) -> None:
    """`make run photo=x` would ignore the photo, so the error says to write PHOTO."""
    done = make(project, "run", "photo=cat.jpg")
    assert done.returncode == 2
    assert done.stderr.splitlines()[0].endswith("There is no variable photo: use PHOTO.  Stop.")
    assert make(project, "help", "PHOTO=cat.jpg").returncode == 0


def test_a_missing_path_in_tests_is_named(project: Path) -> None:
    """`make test TESTS=nope` names the path before anything is built; tests within a file and options are accepted."""
    done = make(project, "test", "TESTS=Makefile nope -k small")
    assert done.returncode == 2
    assert done.stderr.splitlines()[0].endswith("TESTS=nope: no such file or folder.  Stop.")
    assert make(project, "help", "TESTS=Makefile::test_it bench -k small").returncode == 0


@pytest.mark.parametrize(("target", "command"), [("destroy", "delete"), ("logs", "logs")])
def test_the_account_is_checked_first(target: str, command: str) -> None:
    """`make destroy` and `make logs` check region and credentials before they call `sam`."""
    planned = make(PROJECT, "--dry-run", target).stdout
    assert planned.index("--check-account") < planned.index(f"bin/sam {command} ")
