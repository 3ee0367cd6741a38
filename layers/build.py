"""Build the artifacts for Lambda: `python -m layers.build function|dependencies|heic FOLDER [--architecture arm64]`.

`settings` only checks `resizer.toml` and copies it, as `function` does, too.

`sam build` calls this through layers/Makefile. On any machine it installs wheels for Lambda's Linux and Python. A
Python of Lambda's version compiles the bytecode: without bytecode, a cold start takes three times as long.
"""

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
from layers.fingerprint import FILE_NAME, fingerprint
from resizer.errors import ConfigError, UsageError
from resizer.settings import file

PROJECT: Final = Path(__file__).resolve().parents[1]
# Pillow's wheels for Python 3.13 need glibc 2.28; Lambda's Amazon Linux 2023 has 2.34.
PLATFORMS: Final = {"x86_64": "x86_64-manylinux_2_28", "arm64": "aarch64-manylinux_2_28"}
REQUIREMENTS: Final = {"dependencies": "runtime.txt", "heic": "heic.txt"}


def build_function(folder: Path, project: Path = PROJECT) -> None:
    """Copy the package without the command line and the local service, and add `resizer.toml` and the fingerprint."""
    ignored = shutil.ignore_patterns("__pycache__", "py.typed")
    shutil.copytree(project / "resizer", folder / "resizer", ignore=ignored)
    for part in ("cli", "local"):
        shutil.rmtree(folder / "resizer" / part)
    (folder / "resizer" / "__main__.py").unlink()
    pack_settings(folder, project)
    (folder / FILE_NAME).write_text(f"{fingerprint(project)}\n", encoding="ascii")
    _compile(folder, "/var/task")
    archive.normalize(folder)


def pack_settings(folder: Path, project: Path = PROJECT) -> None:
    """Check `resizer.toml`, or the file that `RESIZER_CONFIG` names, and copy it. Raises `ConfigError`."""
    configured = os.environ.get(file.VARIABLE, "").strip()
    path = project / (configured or file.NAME)
    if not configured and not path.is_file():
        return
    if not importlib.util.find_spec("jsonschema"):
        sys.path.append(str(packages.install_tool("checking")))
    file.pack(path, folder)


def build_layer(name: str, architecture: str, folder: Path, *, trimmed: bool = True) -> None:
    """Install a layer's pinned packages, and remove what the function never uses, unless `trimmed` is False."""
    target = folder / "python"
    target.mkdir(parents=True)
    packages.install(PROJECT / "requirements" / REQUIREMENTS[name], PLATFORMS[architecture], target)
    if trimmed:
        contents.keep_licences(target, target / "licences")
        contents.remove_unused(target)
        if (target / "botocore").exists():
            service_data.trim(target / "botocore" / "data")
            contents.replace_modules(target)
        # These packages use assertions only to tell type checkers about types.
        _compile(target, "/opt/python", "-b", "-o", "2")  # without docstrings and assertions
        contents.remove_sources(target)
    else:
        _compile(target, "/opt/python")
    archive.normalize(folder)


def _compile(folder: Path, lambda_path: str, *options: str) -> None:
    """Compile bytecode with Lambda's paths in its tracebacks. Python loads it without comparing it with its source."""
    command = [str(runtime_python()), "-I", "-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash"]
    command += ["-s", str(folder), "-p", lambda_path, *options, str(folder)]
    if subprocess.run(command, check=False).returncode:
        raise UsageError(f"{folder} could not be compiled; see above.")


def main() -> None:
    """Build one artifact, and print its folder's name (`sam` names it after the resource) and its size.

    If it cannot be built, print one line that says why.
    """
    parser = argparse.ArgumentParser(prog="python -m layers.build", description=__doc__)
    parser.add_argument("artifact", choices=["settings", "function", *REQUIREMENTS])
    parser.add_argument("folder", type=Path, help="folder to write to; its old content is deleted")
    parser.add_argument("--architecture", choices=sorted(PLATFORMS), default="x86_64")
    parser.add_argument("--untrimmed", action="store_true", help="keep the whole packages, for comparison")
    args = parser.parse_args()
    try:
        if args.artifact == "settings":
            args.folder.mkdir(parents=True, exist_ok=True)
            pack_settings(args.folder)
            return
        runtime_python()  # report a missing Python before downloading anything
        shutil.rmtree(args.folder, ignore_errors=True)
        if args.artifact == "function":
            build_function(args.folder)
        else:
            build_layer(args.artifact, args.architecture, args.folder, trimmed=not args.untrimmed)
        size = archive.pack(args.folder, args.folder.with_suffix(".zip"))
    except (ConfigError, UsageError) as problem:
        sys.exit(f"layers: {problem}")
    print(f"{args.folder.resolve().name}: {size}")  # noqa: T201 # make prints this line


if __name__ == "__main__":
    main()
