"""Imports go one way, each library stays where it belongs, and modules stay short."""

from __future__ import annotations

import ast
import tomllib
from functools import cache
from pathlib import Path
from typing import Final

import resizer
from tests.support.imports import imports

PACKAGE: Final = Path(resizer.__file__).parent
ABOVE: Final = {"handler", "cli", "local", "__main__", "devtools"}  # they call the pipeline; nothing calls them
STEPS: Final = {
    "s3", "decode", "color", "resize", "layout", "encode", "metadata", "store", "planning", "events",
}  # fmt: skip
SHARED: Final = {"model", "errors", "settings", "deadline", "planning", "formats", "memory"}
MORE: Final = {
    "store": {"s3", "report"},
    "events": {"report"},
    "layout": {"resize"},
}  # what a step may import beside the shared packages
BELONGS_TO: Final = {
    "boto3": ("cli/",),
    "botocore": ("s3/", "rejections.py", "cli/"),
    "ctypes": ("memory/",),
    "aws_lambda_powertools": ("handler.py", "metrics.py"),
    "cykooz_resizer": ("resize.py",),
    "isal": ("formats/",),
    "xml": ("metadata/",),
    "jsonschema": ("settings/check.py",),
    "tomllib": ("settings/check.py", "cli/"),
}
MAX_LINES: Final = 230


@cache
def modules() -> list[tuple[str, ast.Module]]:
    """Every module by its path below the package, with its tree."""
    return [(path.relative_to(PACKAGE).as_posix(), ast.parse(path.read_text())) for path in PACKAGE.rglob("*.py")]


def rooms(names: set[str]) -> set[str]:
    """The packages or flat modules of the project among imported names."""
    own = {name.split(".")[1] for name in names if name.startswith("resizer.")}
    return own | {"devtools" for name in names if name.startswith("devtools.")}


def room(path: str) -> str:
    """The package or flat module that a file is, or lies in."""
    return path.split("/", maxsplit=1)[0].removesuffix(".py")


def test_nothing_imports_what_calls_it() -> None:
    """Handler, command line, local service and devtools import the pipeline and what it is made of, never back."""
    for path, tree in modules():
        if room(path) not in ABOVE:
            assert not rooms(imports(tree)) & ABOVE, path


def test_only_the_pipeline_knows_more_than_one_step() -> None:
    """A step imports the shared packages and itself, and no other step; `store` may import `s3`."""
    for path, tree in modules():
        if room(path) in STEPS:
            assert rooms(imports(tree)) <= SHARED | {room(path)} | MORE.get(room(path), set()), path


def test_shared_packages_know_no_step() -> None:
    """The errors know nothing, the model knows errors, formats know both, and memory knows formats and geometry too."""
    for path, tree in modules():
        known = rooms(imports(tree))
        match room(path):
            case "errors":
                assert not known, path
            case "model":
                assert known <= {"errors"}, path
            case "formats":
                assert known <= {"model", "errors", "formats"}, path
            case "memory":
                assert known <= {"model", "errors", "formats", "memory", "planning"}, path


def test_each_library_stays_where_it_belongs() -> None:
    """A library is imported only by the modules that are there for it."""
    for path, tree in modules():
        for name in imports(tree):
            places = BELONGS_TO.get(name.split(".")[0])
            assert places is None or path.startswith(places), f"{path} imports {name}"


def test_private_names_are_used_in_one_module() -> None:
    """The linter lets only `pillow_private` touch what others keep private, and no line is exempt."""
    ignores = tomllib.loads((PACKAGE.parent / "pyproject.toml").read_text())["tool"]["ruff"]["lint"]["per-file-ignores"]
    exempt = {pattern for pattern, rules in ignores.items() if {"SLF001", "SLF"} & {*rules}}
    assert exempt == {"resizer/formats/pillow_private.py", "tests/**"}
    assert [path for path, _ in modules() if "SLF" in (PACKAGE / path).read_text()] == []


def test_modules_stay_short() -> None:
    """Every module can be read in one go."""
    assert [path for path, _ in modules() if len((PACKAGE / path).read_text().splitlines()) > MAX_LINES] == []


def test_imports_for_types_do_not_count() -> None:
    """The rules see imports inside functions, and not those that only a type checker reads."""
    names = {path: imports(tree) for path, tree in modules()}
    assert "resizer.color.described" in names["color/srgb.py"]
    assert "resizer.model.SourceObject" not in names["planning/guard.py"]
