"""`bench.apply` writes the chosen sizes into the template."""

import re

import pytest

from bench.apply import Default, applied, min_value, with_defaults
from bench.choose import Conditions, Strategy, choose
from bench.rows import Kind, Outcome, Row
from resizer.cli.prices import prices
from resizer.errors import UsageError
from tests.conftest import PROJECT

TEMPLATE = """\
Parameters:
  # How much memory, and with it how much processor.
  MemorySize:
    Type: Number
    Default: 512  # a guess
    MinValue: 128
  Timeout:
    Type: Number
    Default: 60
Resources:
  MemorySize:
    Default: 1
"""


def test_only_the_named_defaults_change() -> None:
    """The new defaults get a comment with the reason; everything else in the template stays."""
    changed = with_defaults(TEMPLATE, [Default("MemorySize", 256, "2026-11-21: cheapest"), Default("Timeout", 30, "x")])
    assert "    Default: 256  # 2026-11-21: cheapest\n    MinValue: 128\n" in changed
    assert "    Default: 30  # x\n" in changed
    assert changed.replace("256  # 2026-11-21: cheapest", "512  # a guess").replace("30  # x", "60") == TEMPLATE


def test_applying_again_replaces_the_comment() -> None:
    """A second run replaces the comment of the first, and does not add another."""
    once = with_defaults(TEMPLATE, [Default("MemorySize", 256, "why")])
    assert with_defaults(once, [Default("MemorySize", 256, "why")]) == once


def test_a_missing_parameter_is_named() -> None:
    """If the template has no such parameter, the error names it."""
    with pytest.raises(UsageError, match="LargeMemorySize"):
        with_defaults(TEMPLATE, [Default("LargeMemorySize", 1024, "why")])


def test_the_templates_minimum_is_read() -> None:
    """`MinValue` is read, or 0 if there is none, so that no smaller size is written."""
    assert (min_value(TEMPLATE, "MemorySize"), min_value(TEMPLATE, "Timeout")) == (128, 0)


def applied_to_ours(*sizes: int) -> str:
    """Our template with the choice among these sizes, each with a picture that takes a second."""
    rows = [
        Row("cat.jpg", size, Kind.MEASURED, Outcome.RESIZED, init_ms=100, cold_ms=1000, warm_ms=[1000])
        for size in sizes
    ]
    choice = choose(rows, Conditions({"cat.jpg": 1.0}, prices()), Strategy.CHEAPEST)
    return applied((PROJECT / "template.yaml").read_text(), choice)


def test_the_comments_say_how_each_default_was_found() -> None:
    """The comment of the memory has strategy and price; that of the time-out has its own rule."""
    changed = applied_to_ours(192, 512)
    assert re.search(r"Default: 512  # [0-9-]{10}: cheapest for 1 picture, \$[0-9.]+ a million\n", changed)
    assert "    Default: 60  # twice the slowest cold start, at least 60\n" in changed


def test_sizes_below_the_templates_minimum_are_explained() -> None:
    """If only smaller sizes than the template allows were measured, the error names the minimum and SIZES."""
    with pytest.raises(UsageError, match=r"The template allows 256 MB and more.*add one to SIZES"):
        applied_to_ours(128, 192)
