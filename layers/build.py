"""Build what Lambda runs: `python -m layers.build function|dependencies|heic FOLDER [--architecture arm64]`.

`settings` only checks and packs `resizer.toml`, which the function's code then has, too.

`sam build` calls this through layers/Makefile. Wheels are taken for the runtime's Python and for Lambda's Linux,
whatever runs this; bytecode is compiled by a Python of the runtime's version, for without it a cold start takes
three times as long.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

from devtools.lambda_runtime.interpreter import runtime_python
from layers import archive, contents, packages, service_data
from layers.fingerprint import FILE, fingerprint
from resizer.errors import ConfigError, UsageError
from resizer.settings import file

PROJECT: Final = Path(__file__).resolve().parents[1]
# glibc 2.28 and older is what Pillow's wheels for Python 3.13 want, and Lambda's Amazon Linux 2023 has 2.34.
PLATFORMS: Final = {"x86_64": "x86_64-manylinux_2_28", "arm64": "aarch64-manylinux_2_28"}
REQUIREMENTS: Final = {"dependencies": "runtime.txt", "heic": "heic.txt"}


def build_function(folder: Path, project: Path = PROJECT) -> None:
    """The package without what is for this machine only, the checked `resizer.toml`, and the layers' fingerprint."""
    ignored = shutil.ignore_patterns("__pycache__", "py.typed")
    shutil.copytree(project / "resizer", folder / "resizer", ignore=ignored)
    for part in ("cli", "local"):
        shutil.rmtree(folder / "resizer" / part)
    (folder / "resizer" / "__main__.py").unlink()
    pack_settings(folder, project)
    (folder / FILE).write_text(f"{fingerprint(project)}\n", encoding="ascii")
    _compile(folder, "/var/task")
    archive.settle(folder)


def pack_settings(folder: Path, project: Path = PROJECT) -> None:
    """Check the project's `resizer.toml`, or what `RESIZER_CONFIG` names, and pack it. Raises `ConfigError`."""
    named = os.environ.get(file.VARIABLE, "").strip()
    path = project / (named or file.NAME)
    if not named and not path.is_file():
        return
    if not importlib.util.find_spec("jsonschema"):
        sys.path.append(str(packages.tool("checking")))
    file.pack(path, folder)


def build_layer(name: str, architecture: str, folder: Path, *, trimmed: bool = True) -> None:
    """A layer's pinned packages, cut to what the function calls; untrimmed for comparison."""
    target = folder / "python"
    target.mkdir(parents=True)
    packages.install(PROJECT / "requirements" / REQUIREMENTS[name], PLATFORMS[architecture], target)
    if trimmed:
        contents.keep_licences(target, target / "licences")
        contents.drop(target)
        if (target / "botocore").exists():
            service_data.cut(target / "botocore" / "data")
            contents.shorten(target)
        # Without docstrings and assertions, which in these packages only tell type checkers what is so.
        _compile(target, "/opt/python", "-b", "-o", "2")
        contents.drop_sources(target)
    else:
        _compile(target, "/opt/python")
    archive.settle(folder)


def _compile(folder: Path, final: str, *options: str) -> None:
    """Bytecode that names the place where it will lie and is not checked against its source when it is loaded."""
    command = [str(runtime_python()), "-I", "-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash"]
    command += ["-s", str(folder), "-p", final, *options, str(folder)]
    if subprocess.run(command, check=False).returncode:
        raise UsageError(f"{folder} could not be compiled; see above.")


def main() -> None:
    """Build one artifact into a folder and print the folder's name, for `sam` the resource's, and the sizes.

    A mistake is one readable line.
    """
    parser = argparse.ArgumentParser(prog="python -m layers.build", description=__doc__)
    parser.add_argument("what", choices=["settings", "function", *REQUIREMENTS])
    parser.add_argument("folder", type=Path, help="made anew where it exists")
    parser.add_argument("--architecture", choices=sorted(PLATFORMS), default="x86_64")
    parser.add_argument("--untrimmed", action="store_true", help="keep all that the packages bring, for comparison")
    asked = parser.parse_args()
    try:
        if asked.what == "settings":
            asked.folder.mkdir(parents=True, exist_ok=True)
            pack_settings(asked.folder)
            return
        runtime_python()  # said before anything is downloaded
        shutil.rmtree(asked.folder, ignore_errors=True)
        if asked.what == "function":
            build_function(asked.folder)
        else:
            build_layer(asked.what, asked.architecture, asked.folder, trimmed=not asked.untrimmed)
        size = archive.pack(asked.folder, asked.folder.with_suffix(".zip"))
    except (ConfigError, UsageError) as problem:
        sys.exit(f"layers: {problem}")
    print(f"{asked.folder.resolve().name}: {size}")  # noqa: T201 # what a build is asked for


if __name__ == "__main__":
    main()
