"""Imports go one way, each library is imported only where it belongs, and modules are short."""

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
    "s3", "decode", "color", "resize", "layout", "encode", "metadata", "store", "planning", "events", "publish",
}  # fmt: skip
SHARED: Final = {"model", "errors", "settings", "deadline", "planning", "formats", "memory"}
MORE: Final = {
    "store": {"s3", "report"},
    "events": {"report"},
    "layout": {"resize"},
    "publish": {"s3", "report"},
}  # what a step may import in addition to the shared packages
BELONGS_TO: Final = {
    "boto3": ("cli/",),
    "botocore": ("s3/", "cli/"),
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
    """Every module: its path in the package and its syntax tree."""
    return [(path.relative_to(PACKAGE).as_posix(), ast.parse(path.read_text())) for path in PACKAGE.rglob("*.py")]


def parts(names: set[str]) -> set[str]:
    """The parts of the project, packages or top-level modules, among imported names."""
    own = {name.split(".")[1] for name in names if name.startswith("resizer.")}
    return own | {"devtools" for name in names if name.startswith("devtools.")}


def part(path: str) -> str:
    """The package or top-level module of a file."""
    return path.split("/", maxsplit=1)[0].removesuffix(".py")


def test_nothing_imports_its_callers() -> None:
    """No module below handler, command line, local service and devtools imports one of these."""
    for path, tree in modules():
        if part(path) not in ABOVE:
            assert not parts(imports(tree)) & ABOVE, path


def test_only_the_pipeline_knows_more_than_one_step() -> None:
    """A step imports only shared packages, itself, and the few exceptions in `MORE`."""
    for path, tree in modules():
        if part(path) in STEPS:
            assert parts(imports(tree)) <= SHARED | {part(path)} | MORE.get(part(path), set()), path


def test_shared_packages_import_no_step() -> None:
    """errors imports nothing, model errors, formats both, and memory also formats, planning and resize."""
    for path, tree in modules():
        imported = parts(imports(tree))
        match part(path):
            case "errors":
                assert not imported, path
            case "model":
                assert imported <= {"errors"}, path
            case "formats":
                assert imported <= {"model", "errors", "formats"}, path
            case "memory":
                assert imported <= {"model", "errors", "formats", "memory", "planning", "resize"}, path


def test_each_library_is_imported_only_where_it_belongs() -> None:
    """A library in `BELONGS_TO` is imported only by the listed modules."""
    for path, tree in modules():
        for name in imports(tree):
            places = BELONGS_TO.get(name.split(".")[0])
            assert places is None or path.startswith(places), f"{path} imports {name}"


def test_only_one_module_uses_private_names() -> None:
    """Outside the tests, only `pillow_private` is exempt from SLF001, and no single line is."""
    ignores = tomllib.loads((PACKAGE.parent / "pyproject.toml").read_text())["tool"]["ruff"]["lint"]["per-file-ignores"]
    exempt = {pattern for pattern, rules in ignores.items() if {"SLF001", "SLF"} & {*rules}}
    assert exempt == {"resizer/formats/pillow_private.py", "tests/**"}
    assert [path for path, _ in modules() if "SLF" in (PACKAGE / path).read_text()] == []


def test_modules_are_short() -> None:
    """No module has more than 230 lines."""
    assert [path for path, _ in modules() if len((PACKAGE / path).read_text().splitlines()) > MAX_LINES] == []


def test_type_checking_imports_do_not_count() -> None:
    """`imports` finds those inside functions, but not those under TYPE_CHECKING."""
    names = {path: imports(tree) for path, tree in modules()}
    assert "resizer.color.described" in names["color/srgb.py"]
    assert "resizer.planning.geometry.Placement" not in names["model.py"]
