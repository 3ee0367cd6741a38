"""A plain `sam build` works in a clean clone, with nothing run before."""

import os
import platform
import shutil
import subprocess
from pathlib import Path

import pytest

from devtools.lambda_runtime.artifact import BUILT, built_function
from devtools.lambda_runtime.emulator import emulator
from devtools.lambda_runtime.interpreter import VARIABLE, runtime_python
from devtools.lambda_runtime.model import Tools
from devtools.lambda_runtime.tools import ARCHITECTURES
from tests.conftest import PROJECT, needs_built_artifact

pytestmark = needs_built_artifact  # which was built by the sam of .venv-stack


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A folder with all files that git tracks or would add."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listed = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=True).stdout
    for name in filter(None, listed.split("\0")):
        if (PROJECT / name).exists():  # unless it was deleted, but not yet in git
            (tmp_path / "clone" / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(PROJECT / name, tmp_path / "clone" / name)
    return tmp_path / "clone"


def sam_build(clone: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run `sam build` with only sam and the system's programs on the path."""
    programs = clone.parent / "bin"
    programs.mkdir()
    (programs / "sam").symlink_to(PROJECT / ".venv-stack" / "bin" / "sam")
    wanted = ("PIP_", "UV_", "SSL_", "HOME")  # where packages come from
    kept = {name: value for name, value in os.environ.items() if name.startswith(wanted)}
    path = os.pathsep.join([str(programs), "/usr/local/bin", "/usr/bin", "/bin"])
    return subprocess.run(
        [programs / "sam", "build"],
        cwd=clone,
        env={**kept, "PATH": path, "SAM_CLI_TELEMETRY": "0", **environment},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.timeout(600)  # it downloads the packages of four layers
def test_sam_build_works_in_a_clean_clone(clone: Path, tools: Tools) -> None:
    """The function starts with its layers in the real runtime, and the zips are the same bytes as ours."""
    done = sam_build(clone, **{VARIABLE: str(runtime_python())})
    assert done.returncode == 0, done.stderr
    built = {path.name: path.read_bytes() for path in (PROJECT / BUILT.parent).glob("*Layer.zip")}
    assert len(built) == 4
    assert [name for name, data in built.items() if (clone / BUILT.parent / name).read_bytes() != data] == []
    heic_on_this_machine = {"Heic": "yes", "Architecture": ARCHITECTURES[platform.machine()]}
    function = built_function(clone / BUILT, parameters=heic_on_this_machine)
    assert [(layer / "python" / "licences").exists() for layer in function.layers] == [True, True]
    with emulator(function, tools) as running:
        assert running.invoke({"warm": True}).answer == {"results": []}


def test_without_python_3_13_one_line_says_what_to_do(clone: Path, tmp_path: Path) -> None:
    """If the runtime's Python is missing, nothing is downloaded and the error says how to get it."""
    done = sam_build(clone, HOME=str(tmp_path), RUNTIME_PYTHON="/nowhere/python3.13")
    assert done.returncode != 0
    assert "RUNTIME_PYTHON=/nowhere/python3.13 is not a Python 3.13: set it to one" in done.stderr
    assert not (clone / "build").exists()
