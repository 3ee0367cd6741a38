"""The functions are what their parameters say, and the large one is the small one with more memory."""

from __future__ import annotations

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
def test_the_functions(name: str) -> None:
    """Python 3.13, JSON logs into a group of their own, tracing by Lambda, the settings passed on and accepted."""
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
def test_only_what_is_given_wins_over_the_file(parameter: str, variable: str, value: str) -> None:
    """A parameter that says something sets its variable, in SAM's own output too; without it there is no variable."""
    for made in (properties("ResizeFunction"), deployed()["ResizeFunction"]["Properties"]):
        assert variable not in made["Environment"]["Variables"]
    given = {parameter: value}
    for made in (properties("ResizeFunction", **given), deployed(**given)["ResizeFunction"]["Properties"]):
        assert made["Environment"]["Variables"][variable] == value


def test_two_tiers() -> None:
    """The large function is the same code with more memory, and has nobody to hand over to."""
    small, large = properties("ResizeFunction"), properties("ResizeLargeFunction")
    assert small["Environment"]["Variables"]["RESIZER_LARGE_FUNCTION"] == "arn:function:large:live"
    assert "RESIZER_LARGE_FUNCTION" not in large["Environment"]["Variables"]
    assert int(small["MemorySize"]) < int(large["MemorySize"])
    assert (small["Code"], small["Layers"], small["Timeout"]) == (large["Code"], large["Layers"], large["Timeout"])


def test_parameters_reach_the_functions() -> None:
    """Memory, time limit, architecture, layers and concurrency are what the operator says."""
    arm = properties("ResizeFunction", Architecture="arm64", MemorySize="1024", ReservedConcurrency="7", Heic="yes")
    assert (arm["Architectures"], int(arm["MemorySize"])) == (["arm64"], 1024)
    assert arm["ReservedConcurrentExecutions"] == "7"
    assert [re.sub("Layer.*", "", layer["Ref"]) for layer in arm["Layers"]] == ["DependenciesArm", "HeicArm"]
    plain = properties("ResizeFunction")["Layers"]
    assert [re.sub("Layer.*", "", layer["Ref"]) for layer in plain] == ["DependenciesX86"]
