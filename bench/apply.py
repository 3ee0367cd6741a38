"""Writes the chosen sizes into `template.yaml`. Only the defaults change; comments stay."""

import re
from dataclasses import dataclass

from resizer.errors import UsageError


@dataclass(frozen=True, slots=True)
class Default:
    """A parameter of the template, its new default, and the reason, which becomes the comment after it."""

    parameter: str
    value: int
    reason: str


def with_defaults(template: str, defaults: list[Default]) -> str:
    """The template's text with new defaults. Raises `UsageError` if a parameter or its default is missing."""
    for default in defaults:
        template = _with_default(template, default)
    return template


def min_value(template: str, parameter: str) -> int:
    """The `MinValue` of a parameter, or 0. Raises `UsageError` if there is no such parameter."""
    found = re.search(r"^    MinValue: *(\d+)", _block(template, parameter)[0], re.MULTILINE)
    return int(found[1]) if found else 0


def _block(template: str, parameter: str) -> re.Match[str]:
    block = re.search(rf"^  {re.escape(parameter)}:\n(?:    .*\n|\s*\n)+", template, re.MULTILINE)
    if block is None:
        raise UsageError(f"The template has no parameter {parameter}.")
    return block


def _with_default(template: str, default: Default) -> str:
    block = _block(template, default.parameter)
    line = f"\\g<1>{default.value}  # {default.reason}"
    changed, count = re.subn(r"^(    Default: *)[^\n]*", line, block[0], count=1, flags=re.MULTILINE)
    if not count:
        raise UsageError(f"The template's parameter {default.parameter} has no default.")
    return template[: block.start()] + changed + template[block.end() :]
