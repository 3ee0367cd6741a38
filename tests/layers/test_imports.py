"""Everything that the function imports is in the built layers, also what it imports only when it needs it."""

from __future__ import annotations

import ast
import platform
import subprocess
from typing import TYPE_CHECKING

from devtools.lambda_runtime.artifact import BUILT
from devtools.lambda_runtime.tools import ARCHITECTURES
from tests.conftest import PROJECT, needs_built_artifact
from tests.support.imports import imports

if TYPE_CHECKING:
    from pathlib import Path

    from devtools.lambda_runtime.model import Tools

pytestmark = needs_built_artifact

FOLDER = PROJECT / BUILT.parent
FUNCTION = FOLDER / "ResizeFunction"
LAYERS = {"x86_64": ("DependenciesX86Layer", "HeicX86Layer"), "arm64": ("DependenciesArmLayer", "HeicArmLayer")}
# Every name is tried as a module, or else as something in one.
RESOLVE = """
import importlib, sys
sys.path += sys.argv[1:]
for name in sys.stdin.read().split():
    try:
        importlib.import_module(name)
    except ImportError as problem:
        module, _, member = name.rpartition(".")
        try:
            getattr(importlib.import_module(module), member)
        except (ImportError, AttributeError, ValueError):
            print(f"{name}: {problem}")
"""


def unresolved(tools: Tools, names: set[str], *folders: Path) -> list[str]:
    """The names that a Python of Lambda's version, with its own library and these folders alone, cannot import."""
    command = [str(tools.python), "-I", "-S", "-c", RESOLVE, *map(str, folders)]
    done = subprocess.run(command, input="\n".join(sorted(names)), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_every_import_resolves_in_the_layers(tools: Tools) -> None:
    """Each import in the function's code, lazy ones included, finds its module in the layers or Python's library."""
    sources = sorted((FUNCTION / "resizer").rglob("*.py"))
    names = {name for source in sources for name in imports(ast.parse(source.read_text()))}
    assert "PIL.ImageCms" in names  # one that is lazy
    architecture = ARCHITECTURES[platform.machine()]
    if architecture != "x86_64":
        names = {name for name in names if not name.startswith("cykooz_resizer")}  # it has wheels for x86_64 only
    layers = [FOLDER / layer / "python" for layer in LAYERS[architecture]]
    assert unresolved(tools, names, FUNCTION, *layers) == []
    missing = unresolved(tools, names, FUNCTION)  # without layers nothing else stands in for them
    assert {each.split(".")[0].split(":")[0] for each in missing} >= {"PIL", "aws_lambda_powertools", "botocore"}


def test_both_architectures_have_the_same_modules() -> None:
    """What resolves in one architecture's layers resolves in the other's."""
    modules = {architecture: set[str]() for architecture in LAYERS}
    for architecture, layers in LAYERS.items():
        for folder in (FOLDER / layer / "python" for layer in layers):
            paths = (path.relative_to(folder) for path in folder.rglob("*") if path.suffix in {".pyc", ".so"})
            modules[architecture] |= {f"{path.parent}/{path.name.split('.')[0]}" for path in paths}
    only_x86 = {name for name in modules["x86_64"] - modules["arm64"] if ".libs/" not in name}
    assert {name.split("/")[0] for name in only_x86} == {"cykooz_resizer"}
    assert not {name for name in modules["arm64"] - modules["x86_64"] if ".libs/" not in name}
