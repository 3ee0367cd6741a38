"""What was chosen, as tables on a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.markup import escape
from rich.table import Table

from bench.choose import TIE_RULE, Strategy, best, cheaper, first
from resizer.cli.lines import count

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rich.console import Console

    from bench.check import Figures
    from bench.choose import Candidate, Conditions
    from bench.rows import Row

MB: Final = 1_048_576


def print_rows(console: Console, rows: Sequence[Row]) -> None:
    """Each picture at each size."""
    kinds = sorted({str(row.kind) for row in rows})
    title = f"{', '.join(kinds)}; times in ms, memory in MB"
    table = Table("picture", "size", "init", "cold", "warm", "CPU", "peak", "plan", "", title=title)
    for column in table.columns[1:-1]:
        column.justify, column.no_wrap = "right", True
    for row in rows:
        memory = (_megabytes(row.peak_bytes), _megabytes(row.planned_bytes))
        times = (_number(row.init_ms), _number(row.cold_ms), _number(row.ms if row.warm_ms else None))
        table.add_row(
            escape(row.picture),
            str(row.memory_mb),
            *times,
            _number(row.cpu_ms),
            *memory,
            escape(row.detail) if not row.done else "",
            style="" if row.done else "dim",
        )
    console.print(table)


def marks(each: Candidate, found: Sequence[Candidate], strategy: Strategy) -> str:
    """`cheapest`, `fastest`, `balanced` by the figures, and `chosen` by the strategy and `TIE_RULE`."""
    names = [str(one) for one in Strategy if each == first(found, one)]
    return ", ".join([*names, "chosen"] if each == best(found, strategy) else names)


def print_candidates(
    console: Console,
    found: Sequence[Candidate],
    pairs: Sequence[Candidate],
    conditions: Conditions,
    strategy: Strategy,
) -> None:
    """Each size with its price for the mix, and which is best by each strategy."""
    table = Table("memory MB", "Lambda $/million", "with S3", "mean ms", "slowest cold", "")
    for column in table.columns[:-1]:
        column.justify = "right"
    for each in found:
        titles = marks(each, found, strategy)
        scale = 1e6 / conditions.images
        table.add_row(
            str(each.memory_mb),
            f"{each.lambda_dollars * scale:.2f}",
            f"{each.dollars * scale:.2f}",
            f"{each.ms:.0f}",
            f"{each.slowest_ms / 1000:.1f} s",
            f"[green]{titles}[/]" if titles else escape(each.problem or ""),
            style="dim" if each.problem else "",
        )
    console.print(table)
    console.print(TIE_RULE, *summary(found, pairs, conditions), sep="\n", highlight=False, soft_wrap=True)


def print_check(console: Console, now: Mapping[str, Figures], revision: str) -> None:
    """CPU and memory beside the accepted code's."""
    title = f"beside {revision[:12]}, in the same run"
    table = Table("picture", "CPU ms", "accepted", "ratio", "peak MB", "accepted", "ratio", title=title)
    for column in table.columns[1:]:
        column.justify = "right"
    for name, each in now.items():
        cpu = (f"{each.cpu_ms:.1f}", f"{each.accepted_cpu_ms:.1f}", f"{each.cpu_ratio:.2f}")
        peak = (f"{each.peak_bytes / 1e6:.0f}", f"{each.accepted_peak_bytes / 1e6:.0f}", f"{each.peak_ratio:.2f}")
        table.add_row(name, *cpu, *peak)
    console.print(table)


def summary(found: Sequence[Candidate], pairs: Sequence[Candidate], conditions: Conditions) -> list[str]:
    """The choice in sentences."""
    lines = []
    one, two = best(found, Strategy.CHEAPEST), best(pairs, Strategy.CHEAPEST)
    if one:
        lines.append(f"One size for all: {one.memory_mb} MB, ${one.lambda_dollars:.2f} of Lambda, {one.ms:.0f} ms.")
    else:
        lines.append("No single size fits every picture of the mix.")
    if two and one and not cheaper(two, one):
        lines.append("Two tiers would not be cheaper.")
    elif two:
        lines.append(
            f"Two tiers: {two.memory_mb} MB, and {two.large_mb} MB for what does not fit it: "
            f"${two.lambda_dollars:.2f} of Lambda, {two.ms:.0f} ms."
        )
    prices = conditions.prices
    free = "after" if conditions.free_tier else "before"
    lines.append(
        f"For {count(round(conditions.images), 'image')}, {conditions.cold_share:.1%} of them cold starts; "
        f"{prices.region}, {conditions.architecture}, prices of {prices.request.as_of}, {free} the free tier."
    )
    return lines


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.0f}"


def _megabytes(value: int | None) -> str:
    return "" if value is None else f"{value / MB:.0f}"
