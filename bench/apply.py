"""Writes the chosen sizes into `template.yaml`. Only the defaults change; comments stay."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from bench.choose import Choice, best, is_cheaper
from resizer.cli.lines import count
from resizer.errors import UsageError

# A long time-out costs nothing, and images can be far larger than those of most mixes: one of 100 megapixels takes up
# to six times as long as the 17 megapixels that were measured here.
MIN_TIMEOUT_SECONDS: Final = 60


@dataclass(frozen=True, slots=True)
class Default:
    """A parameter of the template, its new default, and the reason, which becomes the comment after it."""

    parameter: str
    value: int
    reason: str


def applied(template: str, choice: Choice) -> str:
    """The template's text with the best sizes that its `MinValue`s allow. Raises `UsageError` if there is none."""
    small, large = min_value(template, "MemorySize"), min_value(template, "LargeMemorySize")
    single = best([each for each in choice.candidates if each.memory_mb >= small], choice.strategy)
    pair = best(
        [each for each in choice.pairs if each.memory_mb >= small and (each.large_mb or 0) >= large], choice.strategy
    )
    chosen = pair if pair and (single is None or is_cheaper(pair, single)) else single
    if chosen is None:
        raise UsageError(
            f"The template allows {small} MB and more, and none of these sizes can resize every picture; "
            "add one to SIZES."
        )
    price = f"${chosen.lambda_dollars_per_million:.2f} a million"
    mix = count(len(choice.conditions.mix), "picture")
    reason = f"{datetime.now(UTC):%Y-%m-%d}: {choice.strategy} for {mix}, {price}"
    seconds = max(MIN_TIMEOUT_SECONDS, -(-int(chosen.slowest_ms * 2) // 10_000) * 10)  # rounded up
    rule = f"twice the slowest cold start, at least {MIN_TIMEOUT_SECONDS}"
    defaults = [Default("MemorySize", chosen.memory_mb, reason), Default("TimeoutSeconds", seconds, rule)]
    if chosen.large_mb:
        defaults.append(Default("LargeMemorySize", chosen.large_mb, reason))
    return with_defaults(template, defaults)


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
