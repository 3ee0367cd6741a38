"""Pinned packages installed into a folder for another machine, by uv: it reads markers such as `platform_machine` as
of that machine, where pip reads them as of this one."""

from __future__ import annotations

import hashlib
import importlib.util
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

from devtools.lambda_runtime.interpreter import VERSION, runtime_python
from resizer.errors import UsageError

PROJECT: Final = Path(__file__).resolve().parents[1]
REQUIREMENTS: Final = PROJECT / "requirements"
TOOLS: Final = PROJECT / "build"


def install(requirements: Path, platform: str, folder: Path) -> None:
    """Install the runtime's wheels for `platform`, such as `x86_64-manylinux_2_28`. Raises `UsageError`."""
    command = [
        str(tool("uv") / "bin" / "uv"),
        "pip",
        "install",
        "--quiet",
        "--target",
        str(folder),
        "--link-mode",
        "copy",
        "--no-deps",
    ]
    command += ["--python-platform", platform, "--python-version", VERSION, "--only-binary", ":all:"]
    command += ["--require-hashes", "--no-progress", "--python", sys.executable, "--requirements", str(requirements)]
    if subprocess.run(command, check=False).returncode:
        raise UsageError(f"The packages of {requirements.name} could not be installed for {platform}; see above.")
    for marker in folder.glob(".*"):
        marker.unlink() if marker.is_file() else shutil.rmtree(marker)


def tool(name: str) -> Path:
    """The folder with what `requirements/NAME.txt` pins, installed into `build/` where it is not there yet."""
    pinned = REQUIREMENTS / f"{name}.txt"
    folder = TOOLS / f"{name}-{hashlib.sha256(pinned.read_bytes()).hexdigest()[:8]}"
    if not folder.exists():
        TOOLS.mkdir(exist_ok=True)
        with tempfile.TemporaryDirectory(dir=TOOLS) as unfinished:  # several builds may run at once
            target = Path(unfinished) / name
            command = [_python_with_pip(), "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
            command += ["--no-deps", "--require-hashes", "--target", str(target), "--requirement", str(pinned)]
            if subprocess.run(command, check=False).returncode:
                raise UsageError(f"{name}, which the build needs, could not be installed; see above.")
            try:
                target.rename(folder)
            except OSError:
                if not folder.exists():
                    raise
    return folder


def _python_with_pip() -> str:
    """This Python or the runtime's: Debian has a Python without pip."""
    if importlib.util.find_spec("pip"):
        return sys.executable
    python = str(runtime_python())
    if subprocess.run([python, "-m", "pip", "--version"], capture_output=True, check=False).returncode:
        raise UsageError(
            f"Neither {sys.executable} nor {python} has pip, which the build needs: apt install python3-pip"
        )
    return python
