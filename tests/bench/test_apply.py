"""`bench.apply` writes the chosen sizes into the template."""

import pytest

from bench.apply import Default, min_value, with_defaults
from resizer.errors import UsageError

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
