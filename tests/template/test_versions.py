"""The alias moves to a new version for every change that a version holds, and for no other."""

from __future__ import annotations

import hashlib
import shutil
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest

from layers import archive, build
from layers.fingerprint import INPUTS
from tests.conftest import PROJECT, needs_built_artifact
from tests.support.stack import deployed, transformed

if TYPE_CHECKING:
    from pathlib import Path

FUNCTIONS = ("ResizeFunction", "ResizeLargeFunction")
# Lambda keeps these beside the versions; where only these change it refuses to publish, and the deployment fails.
NOT_IN_A_VERSION = ("ReservedConcurrentExecutions", "Tags")


def versions(resources: dict[str, Any]) -> dict[str, str]:
    """Each function's version by its logical id: a new id is a new version."""
    found = {
        each["Properties"]["FunctionName"]["Ref"]: name
        for name, each in resources.items()
        if each["Type"] == "AWS::Lambda::Version"
    }
    assert sorted(found) == sorted(FUNCTIONS)
    return found


@cache
def unchanged() -> dict[str, Any]:
    """The resources with the defaults, transformed once for all tests."""
    return deployed()


def with_new_version(changed: dict[str, Any]) -> set[str]:
    before, after = versions(unchanged()), versions(changed)
    return {name for name in FUNCTIONS if before[name] != after[name]}


@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        ("Widths", "320"),
        ("TimeoutSeconds", "120"),
        ("Heic", "yes"),
        ("Architecture", "arm64"),
        ("Tracing", "PassThrough"),
        ("Tags", "team=shop"),  # of renditions, by the environment
    ],
)
def test_a_changed_setting_is_a_new_version_of_both(parameter: str, value: str) -> None:
    """What both functions are set to, whether by environment or by a property of theirs, reaches the alias."""
    assert with_new_version(deployed(**{parameter: value})) == set(FUNCTIONS)


def test_a_changed_memory_size_is_a_new_version() -> None:
    """Each function has a memory size of its own."""
    assert with_new_version(deployed(MemorySize="2048")) == {"ResizeFunction"}
    assert with_new_version(deployed(LargeMemorySize="4096")) == {"ResizeLargeFunction"}


@needs_built_artifact
def test_a_changed_layer_or_settings_file_is_a_new_version_of_both(tmp_path: Path) -> None:
    """A new pin, or any change in `resizer.toml`, changes the code, which SAM uploads under its content's hash."""
    same = versions(deployed(code=uploaded(copy(tmp_path / "before"))))
    assert versions(deployed(code=uploaded(copy(tmp_path / "again")))) == same
    changes = [
        *(
            (name, "# changed\n")
            for name in ("requirements/runtime.txt", "requirements/heic.txt", "layers/contents.py")
        ),
        ("resizer.toml", "[defaults]\n"),
        ("resizer.toml", "[defaults]\neffort = 'fast'\n"),
    ]
    made = [same]
    for number, (changed, text) in enumerate(changes):
        project = copy(tmp_path / f"after {number}")
        with (project / changed).open("a") as file:
            file.write(text)
        made.append(versions(deployed(code=uploaded(project))))
    for name in FUNCTIONS:
        assert len({each[name] for each in made}) == len(made)


def test_what_no_version_holds_makes_none() -> None:
    """Another ReservedConcurrency, or a tag of the functions, leaves the version alone, so Lambda refuses nothing."""
    changed = deployed(ReservedConcurrency="5")
    assert changed["ResizeFunction"]["Properties"]["ReservedConcurrentExecutions"] == "5"
    assert with_new_version(changed) == set()
    tagged = deployed(tag="shop")
    assert {"Key": "team", "Value": "shop"} in tagged["ResizeFunction"]["Properties"]["Tags"]
    assert with_new_version(tagged) == set()


@pytest.mark.parametrize("parameter", sorted(transformed()["Parameters"]))
def test_every_parameter_makes_a_version_where_it_changes_one(parameter: str) -> None:
    """No parameter changes a function behind its alias's back, and none makes a version that would be the same."""
    changed = deployed(**{parameter: another_value(transformed()["Parameters"][parameter])})
    before = unchanged()
    differing = {name for name in FUNCTIONS if held(before[name]) != held(changed[name])}
    assert with_new_version(changed) == differing


def held(function: dict[str, Any]) -> dict[str, Any]:
    """What a version holds of a function."""
    return {name: value for name, value in function["Properties"].items() if name not in NOT_IN_A_VERSION}


def another_value(declared: dict[str, Any]) -> str:
    """A value that is not the default."""
    for allowed in declared.get("AllowedValues", ()):
        if str(allowed) != str(declared.get("Default")):
            return str(allowed)
    return str(int(declared["Default"]) + 1) if declared["Type"] == "Number" else "something-else"


def copy(folder: Path) -> Path:
    """What a function and its fingerprint are made from, in a folder of its own."""
    shutil.copytree(PROJECT / "resizer", folder / "resizer")
    for pattern in INPUTS:
        for file in PROJECT.glob(pattern):
            target = folder / file.relative_to(PROJECT)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, target)
    return folder


def uploaded(project: Path) -> str:
    """Where `sam deploy` puts the function's code that is built from a project."""
    folder = project / "built"
    build.build_function(folder, project)
    archive.pack(folder, project / "function.zip")
    return f"s3://code/{hashlib.sha256((project / 'function.zip').read_bytes()).hexdigest()}"
