"""Installs pinned packages for another machine, with uv: pip would evaluate markers such as `platform_machine` for this
machine."""

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
    """Install wheels for Lambda's Python and a platform such as `x86_64-manylinux_2_28`. Raises `UsageError`."""
    command = [str(install_tool("uv") / "bin" / "uv"), "pip", "install", "--quiet", "--target", str(folder)]
    command += ["--link-mode", "copy", "--no-deps", "--only-binary", ":all:"]
    command += ["--python-platform", platform, "--python-version", VERSION]
    command += ["--require-hashes", "--no-progress", "--python", sys.executable, "--requirements", str(requirements)]
    if subprocess.run(command, check=False).returncode:
        raise UsageError(f"The packages of {requirements.name} could not be installed for {platform}; see above.")
    for leftover in folder.glob(".*"):  # uv's lock file
        leftover.unlink() if leftover.is_file() else shutil.rmtree(leftover)


def install_tool(name: str) -> Path:
    """Install `requirements/NAME.txt` into a folder of `build/`, unless it is there already. Returns the folder."""
    pinned = REQUIREMENTS / f"{name}.txt"
    folder = TOOLS / f"{name}-{hashlib.sha256(pinned.read_bytes()).hexdigest()[:8]}"
    if not folder.exists():
        TOOLS.mkdir(exist_ok=True)
        with tempfile.TemporaryDirectory(dir=TOOLS) as unfinished:  # several builds may run at once
            target = Path(unfinished) / name
            command = [_python_with_pip(), "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
            command += ["--no-deps", "--require-hashes", "--target", str(target), "--requirement", str(pinned)]
            if subprocess.run(command, check=False).returncode:
                raise UsageError(f"The build needs {name}, but it could not be installed; see above.")
            try:
                target.rename(folder)
            except OSError:
                if not folder.exists():
                    raise
    return folder


def _python_with_pip() -> str:
    """This Python, or Lambda's version: Debian's Python may have no pip."""
    if importlib.util.find_spec("pip"):
        return sys.executable
    python = str(runtime_python())
    if subprocess.run([python, "-m", "pip", "--version"], capture_output=True, check=False).returncode:
        raise UsageError(
            f"The build needs pip, but neither {sys.executable} nor {python} has it: apt install python3-pip"
        )
    return python
