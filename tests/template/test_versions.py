"""A new version is published for every change that a version contains, and for no other."""

import hashlib
import shutil
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from layers import archive, build
from layers.fingerprint import INPUTS
from tests.conftest import PROJECT, needs_built_artifact
from tests.support.stack import deployed, transformed

FUNCTIONS = ("ResizeFunction", "ResizeLargeFunction")
# Not part of a version: if only these change, Lambda publishes nothing, and a new version would fail the deployment.
NOT_IN_A_VERSION = ("ReservedConcurrentExecutions", "Tags")


def versions(resources: dict[str, Any]) -> dict[str, str]:
    """The logical id of each function's version; a new id is a new version."""
    ids = {
        each["Properties"]["FunctionName"]["Ref"]: name
        for name, each in resources.items()
        if each["Type"] == "AWS::Lambda::Version"
    }
    assert sorted(ids) == sorted(FUNCTIONS)
    return ids


@cache
def unchanged() -> dict[str, Any]:
    """The resources with default parameters, transformed once for all tests."""
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
        ("Tags", "team=shop"),  # an environment variable, about renditions
    ],
)
def test_a_changed_setting_is_a_new_version_of_both(parameter: str, value: str) -> None:
    """A parameter that changes both functions' environment or properties publishes a new version of both."""
    assert with_new_version(deployed(**{parameter: value})) == set(FUNCTIONS)


def test_a_changed_memory_size_is_a_new_version_of_one_function() -> None:
    """MemorySize and LargeMemorySize each change one function."""
    assert with_new_version(deployed(MemorySize="2048")) == {"ResizeFunction"}
    assert with_new_version(deployed(LargeMemorySize="4096")) == {"ResizeLargeFunction"}


@needs_built_artifact
def test_a_changed_layer_or_settings_file_is_a_new_version_of_both(tmp_path: Path) -> None:
    """A change to requirements, layers or `resizer.toml` changes the function's code and so its hash."""
    before = uploaded(project(tmp_path / "before"))
    assert uploaded(project(tmp_path / "again")) == before
    changes = [
        *(
            (name, "# changed\n")
            for name in ("requirements/runtime.txt", "requirements/heic.txt", "layers/contents.py")
        ),
        ("resizer.toml", "[defaults]\n"),
        ("resizer.toml", "[defaults]\neffort = 'fast'\n"),
    ]
    after = []
    for number, (changed, text) in enumerate(changes):
        folder = project(tmp_path / f"after {number}")
        with (folder / changed).open("a") as file:
            file.write(text)
        after.append(uploaded(folder))
    assert len({before, *after}) == 1 + len(changes)
    old, new = (versions(deployed(code=code)) for code in (before, after[0]))
    assert not set(old.values()) & set(new.values())


def test_changes_outside_a_version_publish_none() -> None:
    """ReservedConcurrency and tags are not part of a version, so they publish none."""
    changed = deployed(ReservedConcurrency="5")
    assert changed["ResizeFunction"]["Properties"]["ReservedConcurrentExecutions"] == "5"
    assert with_new_version(changed) == set()
    tagged = deployed(tag="shop")
    assert {"Key": "team", "Value": "shop"} in tagged["ResizeFunction"]["Properties"]["Tags"]
    assert with_new_version(tagged) == set()


def test_a_parameter_publishes_a_version_only_if_it_changes_one() -> None:
    """Every parameter that changes a function publishes a version of it, and no other does."""
    before = unchanged()
    for parameter, declared in transformed()["Parameters"].items():
        changed = deployed(**{parameter: another_value(declared)})
        differing = {name for name in FUNCTIONS if version_content(before[name]) != version_content(changed[name])}
        assert with_new_version(changed) == differing, parameter


def version_content(function: dict[str, Any]) -> dict[str, Any]:
    """The properties of a function that are part of a version."""
    return {name: value for name, value in function["Properties"].items() if name not in NOT_IN_A_VERSION}


def another_value(declared: dict[str, Any]) -> str:
    """A value other than the default."""
    for allowed in declared.get("AllowedValues", ()):
        if str(allowed) != str(declared.get("Default")):
            return str(allowed)
    return str(int(declared["Default"]) + 1) if declared["Type"] == "Number" else "something-else"


def project(folder: Path) -> Path:
    """A project with the files that the fingerprint is built from, and a package of two empty modules."""
    for name in ("cli", "local"):
        (folder / "resizer" / name).mkdir(parents=True)
    for name in ("__init__", "__main__"):
        (folder / "resizer" / f"{name}.py").touch()
    for pattern in INPUTS:
        for file in PROJECT.glob(pattern):
            target = folder / file.relative_to(PROJECT)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, target)
    return folder


def uploaded(project: Path) -> str:
    """The S3 URI to which `sam deploy` uploads the function's code built from a project."""
    folder = project / "built"
    build.build_function(folder, project)
    archive.pack(folder, project / "function.zip")
    return f"s3://code/{hashlib.sha256((project / 'function.zip').read_bytes()).hexdigest()}"
