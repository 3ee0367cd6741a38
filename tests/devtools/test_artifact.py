"""The built function as the emulator gets it: `devtools.lambda_runtime.artifact`."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from devtools.lambda_runtime.artifact import built_function
from devtools.lambda_runtime.template import load
from resizer.errors import UsageError

TEMPLATE = Path(__file__).parents[2] / "template.yaml"


def test_a_function_that_is_not_there_is_told_with_those_that_are() -> None:
    """A wrong name is one line with the right ones, and so is what is in the template and no function."""
    for name in ("Nope", "DependenciesX86Layer"):
        with pytest.raises(UsageError, match=rf"no function {name}; it has ResizeFunction, \w+"):
            built_function(TEMPLATE, name)


def test_what_was_not_built_is_told(tmp_path: Path) -> None:
    """Without a build the line says what makes one."""
    with pytest.raises(UsageError, match="make build"):
        built_function(tmp_path / "template.yaml")


def test_an_empty_output_prefix_is_passed_on(tmp_path: Path) -> None:
    """With an output bucket an empty prefix means no prefix, so the function gets the empty variable."""
    document = load(TEMPLATE)
    document["Resources"]["ResizeFunction"]["Properties"]["CodeUri"] = "ResizeFunction"  # as the build fills it in
    built = tmp_path / "template.yaml"
    built.write_text(yaml.safe_dump(document))
    environment = built_function(built, parameters={"OutputBucket": "thumbs", "OutputPrefix": ""}).environment
    assert (environment["RESIZER_OUTPUT_BUCKET"], environment["RESIZER_OUTPUT_PREFIX"]) == ("thumbs", "")
