"""Everything that the function imports is in the built layers, lazy imports included."""

import ast
import platform
import subprocess
from pathlib import Path

from devtools.lambda_runtime.artifact import BUILT
from devtools.lambda_runtime.model import Tools
from devtools.lambda_runtime.tools import ARCHITECTURES
from tests.conftest import PROJECT, needs_built_artifact
from tests.support.imports import imports

pytestmark = needs_built_artifact

FOLDER = PROJECT / BUILT.parent
FUNCTION = FOLDER / "ResizeFunction"
LAYERS = {"x86_64": ("DependenciesX86Layer", "HeicX86Layer"), "arm64": ("DependenciesArmLayer", "HeicArmLayer")}
# Each name is a module, or an attribute of one.
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
    """The names that Lambda's Python cannot import from its standard library and these folders."""
    command = [str(tools.python), "-I", "-S", "-c", RESOLVE, *map(str, folders)]
    done = subprocess.run(command, input="\n".join(sorted(names)), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_every_import_is_found_in_the_layers(tools: Tools) -> None:
    """Every import in the function's code is found in the layers or the standard library."""
    sources = sorted((FUNCTION / "resizer").rglob("*.py"))
    names = {name for source in sources for name in imports(ast.parse(source.read_text()))}
    assert "PIL.ImageCms" in names  # a lazy import
    architecture = ARCHITECTURES[platform.machine()]
    if architecture != "x86_64":
        names = {name for name in names if not name.startswith("cykooz_resizer")}  # x86_64 wheels only
    layers = [FOLDER / layer / "python" for layer in LAYERS[architecture]]
    assert unresolved(tools, names, FUNCTION, *layers) == []
    missing = unresolved(tools, names, FUNCTION)  # they come from the layers and from nowhere else
    assert {each.split(".")[0].split(":")[0] for each in missing} >= {"PIL", "aws_lambda_powertools", "botocore"}


def test_both_architectures_have_the_same_modules() -> None:
    """Both layers have the same modules, except for cykooz_resizer, which has x86_64 wheels only."""
    modules = {architecture: set[str]() for architecture in LAYERS}
    for architecture, layers in LAYERS.items():
        for folder in (FOLDER / layer / "python" for layer in layers):
            paths = (path.relative_to(folder) for path in folder.rglob("*") if path.suffix in {".pyc", ".so"})
            modules[architecture] |= {f"{path.parent}/{path.name.split('.')[0]}" for path in paths}
    only_x86 = {name for name in modules["x86_64"] - modules["arm64"] if ".libs/" not in name}
    assert {name.split("/")[0] for name in only_x86} == {"cykooz_resizer"}
    assert not {name for name in modules["arm64"] - modules["x86_64"] if ".libs/" not in name}
