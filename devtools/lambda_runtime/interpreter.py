"""Finds a Python of Lambda's version on this machine."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from resizer.errors import UsageError

VERSION: Final = "3.13"  # as `Runtime: python3.13` in template.yaml
NAME: Final = f"python{VERSION}"
VARIABLE: Final = "RUNTIME_PYTHON"
# pyenv and uv install Python here, often outside PATH.
INSTALLED: Final = (f".pyenv/versions/{VERSION}.*/bin/{NAME}", f".local/share/uv/python/cpython-{VERSION}*/bin/{NAME}")


def runtime_python(environ: Mapping[str, str] = os.environ) -> Path:
    """Find a Python of Lambda's version: `RUNTIME_PYTHON` if it is set, or else the first that works.

    Raises `UsageError` if there is none, and says how to install one.
    """
    if configured := environ.get(VARIABLE):
        if not _works(configured):
            raise UsageError(
                f"{VARIABLE}={configured} is not a Python {VERSION}: set it to one, or unset it to search for one."
            )
        return Path(configured)
    for candidate in _candidates(environ):
        if _works(candidate):
            return Path(candidate)
    raise UsageError(
        f"No Python {VERSION} found. Lambda runs this version, so it must compile the artifact. Install it with "
        f"`uv python install {VERSION}`, pyenv or your system's packages, or set {VARIABLE} to its path."
    )


def _candidates(environ: Mapping[str, str]) -> Iterator[str]:
    yield sys.executable
    for folder in environ.get("PATH", "").split(os.pathsep):
        if found := shutil.which(NAME, path=folder):
            yield found
    for pattern in INSTALLED:
        yield from map(str, sorted(Path(environ.get("HOME", "/")).glob(pattern), reverse=True))


def _works(python: str) -> bool:
    """Whether it starts and has the right version: pyenv's shims exist even for versions that are not installed."""
    command = [python, "-I", "-c", "import sys; print(*sys.version_info[:2], sep='.')"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=20)  # noqa: S603 # no shell
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0 and done.stdout.strip() == VERSION


def main() -> None:
    """Print the interpreter's path, for make."""
    try:
        print(runtime_python())  # noqa: T201 # make reads this line
    except UsageError as problem:
        sys.exit(f"resizer: {problem}")


if __name__ == "__main__":
    main()
