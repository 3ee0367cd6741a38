"""The Python that Lambda runs, found on this machine."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from resizer.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

VERSION: Final = "3.13"  # as `Runtime: python3.13` in template.yaml
NAME: Final = f"python{VERSION}"
VARIABLE: Final = "RUNTIME_PYTHON"
# Where pyenv and uv keep theirs, which are often not on the path.
ELSEWHERE: Final = (f".pyenv/versions/{VERSION}.*/bin/{NAME}", f".local/share/uv/python/cpython-{VERSION}*/bin/{NAME}")


def runtime_python(environ: Mapping[str, str] = os.environ) -> Path:
    """A Python of the runtime's version: `RUNTIME_PYTHON`, or the first that is found and works.

    Raises `UsageError` that says how to get one.
    """
    if named := environ.get(VARIABLE):
        if not _works(named):
            raise UsageError(
                f"{VARIABLE}={named} is not a Python {VERSION}: name one, or leave it unset to have one found."
            )
        return Path(named)
    for candidate in _candidates(environ):
        if _works(candidate):
            return Path(candidate)
    raise UsageError(
        f"No Python {VERSION} found, which Lambda runs and which compiles the artifact. Install one, by "
        f"`uv python install {VERSION}`, pyenv or your system's packages, or set {VARIABLE} to its path."
    )


def _candidates(environ: Mapping[str, str]) -> Iterator[str]:
    yield sys.executable
    for folder in environ.get("PATH", "").split(os.pathsep):
        if found := shutil.which(NAME, path=folder):
            yield found
    for pattern in ELSEWHERE:
        yield from map(str, sorted(Path(environ.get("HOME", "/")).glob(pattern), reverse=True))


def _works(python: str) -> bool:
    """Whether it starts and has the right version: pyenv's stand-ins are there for versions that are not."""
    version = [python, "-I", "-c", "import sys; print(*sys.version_info[:2], sep='.')"]
    try:
        found = subprocess.run(version, capture_output=True, text=True, check=False, timeout=20)  # noqa: S603 # no shell
    except (OSError, subprocess.TimeoutExpired):
        return False
    return found.returncode == 0 and found.stdout.strip() == VERSION


def main() -> None:
    """Print the interpreter's path, for make."""
    try:
        print(runtime_python())  # noqa: T201 # what make asks for
    except UsageError as problem:
        sys.exit(f"resizer: {problem}")


if __name__ == "__main__":
    main()
