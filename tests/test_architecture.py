"""Imports go one way, each library stays where it belongs, and modules stay short."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import resizer

if TYPE_CHECKING:
    from collections.abc import Iterator

PACKAGE = Path(resizer.__file__).parent
ABOVE = {"local"}  # what only this machine runs
# Modules and folders by name, each with its files.
MODULES = {
    name: sorted(PACKAGE.glob(f"{name}.py")) + sorted(PACKAGE.glob(f"{name}/*.py"))
    for name in {path.stem for path in PACKAGE.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()}
    - ABOVE
}
LONGEST = 230  # lines

STAGES = {
    "events", "guard", "source", "header", "decode", "color", "metadata", "renditions", "resample", "encode", "store",
    "report",
}  # fmt: skip
FOUNDATIONS = {"settings", "variables", "errors", "model"}
# What brings stages together, below the pipeline and the handler.
COORDINATORS = {"reconcile", "removal", "quiet", "aftercare"}
# What stages may take besides the foundations: parts, of which most belong to one stage.
PARTS = {
    "events": {"report"},  # an event's answer is made of its records' reports
    "source": {"stream", "conditional"},
    "header": {
        "limits",
        "file_types",
        "declared",
        "frames",
        "structure",
        "buffers",
        "jpeg",
        "jpeg2000",
        "memory_plan",
        "sizes",
        "code_points",
    },
    "color": {"colorimetry", "matrix_profile"},
    "decode": {"jpeg", "inflate", "png_end", "sizes", "bit_depth", "gif_canvas", "palette"},
    "encode": {"avif_plays", "deflate", "jpeg", "palette"},
    "metadata": {"rights", "png_end"},
    "renditions": {"key_template", "sizes"},
    "resample": {"sizes"},
    "store": {"carried", "conditional"},
    "report": {"process_memory"},
}
ALL_PARTS = {"s3", "clients", "uploads", "pool", "clock", "decode_time", "heap"}.union(*PARTS.values()) - STAGES
# Whatever is named here is imported by these modules and by no other.
BELONGS_TO = {
    "boto3": set(),
    "botocore.session": {"clients"},
    "botocore.config": {"clients"},
    "botocore.exceptions": {"clients", "conditional", "s3", "source", "stream"},
    "urllib3": set(),
    "http.client": {"s3"},
    "xml": {"rights"},
    "PIL": {
        "header",
        "buffers",
        "decode",
        "bit_depth",
        "gif_canvas",
        "color",
        "metadata",
        "resample",
        "encode",
        "deflate",
        "jpeg",
        "palette",
    },
    "cykooz_resizer": {"resample"},
    "isal": {"inflate"},
    "ctypes": {"jpeg", "heap"},
    "aws_lambda_powertools": {"handler", "events"},
}


def is_for_types_only(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


def running(node: ast.AST) -> Iterator[ast.AST]:
    """All nodes under one, but for what only a type checker reads."""
    for child in ast.iter_child_nodes(node):
        if not is_for_types_only(child):
            yield child
            yield from running(child)


@cache
def imports(module: str) -> frozenset[str]:
    """The full names of all that a module imports when it runs, wherever in its files that is."""
    names: set[str] = set()
    for path in MODULES[module]:
        for node in running(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                names.update(alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                assert node.level == 0, f"{path} imports relatively"
                names.update(f"{node.module}.{alias.name}" for alias in node.names)
    return frozenset(names)


def own_imports(module: str) -> set[str]:
    """The other modules of this package that a module imports, by their own names."""
    return {name.split(".")[1] for name in imports(module) if name.startswith("resizer.")} - {module}


def imports_of(library: str) -> set[str]:
    """The modules that import a library or anything in it."""
    return {
        module
        for module in MODULES
        if any(name == library or name.startswith(f"{library}.") for name in imports(module))
    }


@pytest.mark.parametrize("stage", sorted(STAGES))
def test_stages_know_only_what_they_stand_on(stage: str) -> None:
    """A stage imports settings, errors, the shared values and its own parts; no other stage, and nothing above it."""
    assert own_imports(stage) <= FOUNDATIONS | PARTS.get(stage, set())


@pytest.mark.parametrize("module", sorted(FOUNDATIONS | ALL_PARTS))
def test_what_stages_stand_on_knows_no_stage(module: str) -> None:
    """Foundations and parts import foundations and parts, never a stage or what is above it."""
    assert own_imports(module) <= FOUNDATIONS | ALL_PARTS


def test_the_pipeline_knows_the_stages_and_not_who_calls_it() -> None:
    """The pipeline imports neither the handler, nor the clients, nor anything local."""
    assert own_imports("pipeline") <= STAGES | COORDINATORS | FOUNDATIONS | ALL_PARTS - {"clients"}


def test_every_module_has_its_place() -> None:
    """A new module is placed among the stages, the parts or the foundations when it is made."""
    assert set(MODULES) == STAGES | COORDINATORS | FOUNDATIONS | ALL_PARTS | {"__init__", "handler", "pipeline"}


@pytest.mark.parametrize("module", sorted(MODULES))
def test_nothing_in_the_function_needs_what_is_local(module: str) -> None:
    """What runs on Lambda imports neither the command line and local service, nor the handler."""
    assert not own_imports(module) & {"local", "handler"}


@pytest.mark.parametrize("library", sorted(BELONGS_TO))
def test_each_library_stays_where_it_belongs(library: str) -> None:
    """A library is imported by the modules that are there for it, and all of these do import it."""
    assert imports_of(library) == BELONGS_TO[library]


def test_no_cycles() -> None:
    """The modules can be put in an order in which each imports only those before it."""
    placed: set[str] = set()
    left = set(MODULES)
    while ready := [module for module in left if own_imports(module) & MODULES.keys() <= placed]:
        placed.update(ready)
        left = left - placed
    assert not left


@pytest.mark.parametrize("module", sorted(MODULES))
def test_modules_stay_short(module: str) -> None:
    """Every module can be read in one go."""
    assert all(len(path.read_text().splitlines()) <= LONGEST for path in MODULES[module])


def test_imports_for_types_do_not_count() -> None:
    """The rules see imports inside functions, and not those that only a type checker reads."""
    seen = imports("source")
    assert "resizer.stream.SourceStream" in seen
    assert "resizer.s3.S3" not in seen
