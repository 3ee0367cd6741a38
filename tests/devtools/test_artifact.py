"""The emulator gets the function as `sam build` made it."""

from pathlib import Path

import pytest
import yaml

from devtools.lambda_runtime.artifact import built_function
from devtools.lambda_runtime.template import load
from resizer.errors import UsageError

TEMPLATE = Path(__file__).parents[2] / "template.yaml"


def test_an_unknown_function_is_an_error_that_lists_the_known_ones() -> None:
    """A name that is not a function of the template is one line that lists the functions."""
    for name in ("Nope", "DependenciesX86Layer"):
        with pytest.raises(UsageError, match=rf"no function {name}; it has ResizeFunction, \w+"):
            built_function(TEMPLATE, name)


def test_without_a_build_the_error_names_make_build(tmp_path: Path) -> None:
    """If nothing is built, one line names the command that builds."""
    with pytest.raises(UsageError, match="make build"):
        built_function(tmp_path / "template.yaml")


def test_an_empty_output_prefix_is_passed_on(tmp_path: Path) -> None:
    """With an output bucket an empty prefix has a meaning, so it is set."""
    document = load(TEMPLATE)
    document["Resources"]["ResizeFunction"]["Properties"]["CodeUri"] = "ResizeFunction"  # as the build fills it in
    built = tmp_path / "template.yaml"
    built.write_text(yaml.safe_dump(document))
    environment = built_function(built, parameters={"OutputBucket": "thumbs", "OutputPrefix": ""}).environment
    assert (environment["RESIZER_OUTPUT_BUCKET"], environment["RESIZER_OUTPUT_PREFIX"]) == ("thumbs", "")
