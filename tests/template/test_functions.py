"""The functions follow their parameters, and the large one is the small one with more memory."""

import re

import pytest

from resizer.settings import Settings
from resizer.settings.environment import OF_DEFAULTS, VARIABLES
from resizer.settings.rules import Rule
from tests.support.stack import (
    ACCOUNT,
    deployed,
    properties,
)


@pytest.mark.parametrize("name", ["ResizeFunction", "ResizeLargeFunction"])
def test_the_functions_defaults(name: str) -> None:
    """Each function has Python 3.13, JSON logs, tracing, and variables that are valid settings."""
    function = properties(name)
    assert function["Runtime"] == "python3.13"
    assert function["Handler"] == "resizer.handler.lambda_handler"
    assert function["TracingConfig"] == {"Mode": "Active"}
    assert function["LoggingConfig"]["LogFormat"] == "JSON"
    assert function["Architectures"] == ["x86_64"]
    assert "ReservedConcurrentExecutions" not in function
    variables = {key: str(value) for key, value in function["Environment"]["Variables"].items()}
    settings = Settings.from_env(variables)
    assert settings.defaults == Rule.of_widths((1000, 640, 480))
    assert settings.output_prefix == "resized/"
    assert settings.buckets == frozenset({"photos"})
    assert variables["RESIZER_BUCKET_OWNER"] == ACCOUNT
    assert {name for name in VARIABLES if name.startswith("RESIZER_")} <= variables.keys() | {"RESIZER_LARGE_FUNCTION"}
    assert not set(OF_DEFAULTS) & variables.keys()


@pytest.mark.parametrize(
    ("parameter", "variable", "value"),
    [
        ("Widths", "RESIZER_WIDTHS", "320,960"),
        ("Formats", "RESIZER_FORMATS", "source,webp"),
        ("Quality", "RESIZER_QUALITY", "jpeg=70"),
        ("CacheControl", "RESIZER_CACHE_CONTROL", "no-cache"),
    ],
)
def test_a_parameter_sets_its_variable_only_if_given(parameter: str, variable: str, value: str) -> None:
    """A parameter with a value sets its variable, which overrides `resizer.toml`; otherwise there is no variable."""
    for function in (properties("ResizeFunction"), deployed()["ResizeFunction"]["Properties"]):
        assert variable not in function["Environment"]["Variables"]
    given = {parameter: value}
    for function in (properties("ResizeFunction", **given), deployed(**given)["ResizeFunction"]["Properties"]):
        assert function["Environment"]["Variables"][variable] == value


def test_the_large_function_has_the_same_code_and_more_memory() -> None:
    """The large function has the same code, layers and time-out, more memory, and forwards to nobody."""
    small, large = properties("ResizeFunction"), properties("ResizeLargeFunction")
    assert small["Environment"]["Variables"]["RESIZER_LARGE_FUNCTION"] == "arn:function:large:live"
    assert "RESIZER_LARGE_FUNCTION" not in large["Environment"]["Variables"]
    assert int(small["MemorySize"]) < int(large["MemorySize"])
    assert (small["Code"], small["Layers"], small["Timeout"]) == (large["Code"], large["Layers"], large["Timeout"])


def test_parameters_set_the_functions_properties() -> None:
    """Architecture, memory, concurrency and layers are those of the parameters."""
    arm = properties("ResizeFunction", Architecture="arm64", MemorySize="1024", ReservedConcurrency="7", Heic="yes")
    assert (arm["Architectures"], int(arm["MemorySize"])) == (["arm64"], 1024)
    assert arm["ReservedConcurrentExecutions"] == "7"
    assert [re.sub("Layer.*", "", layer["Ref"]) for layer in arm["Layers"]] == ["DependenciesArm", "HeicArm"]
    plain = properties("ResizeFunction")["Layers"]
    assert [re.sub("Layer.*", "", layer["Ref"]) for layer in plain] == ["DependenciesX86"]
