"""Prints the rows, the candidates and the comparison with the accepted code as tables."""

from collections.abc import Mapping, Sequence
from typing import Final

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from bench.check import Figures
from bench.choose import BEST, TIE_RULE, Candidate, Choice, Strategy, best, is_cheaper, lowest
from bench.rows import Row
from bench.sizes import MB
from resizer.cli.lines import count

# These columns are the same on the terminal and in the HTML report.
ROW_HEADER: Final = ("picture", "size", "init", "cold", "warm", "CPU", "peak", "plan", "")
ROW_UNITS: Final = "Times are in ms, memory is in MB."
CANDIDATE_HEADER: Final = (
    "memory MB",
    "Lambda $ per million",
    "with S3",
    "mean ms",
    "slowest cold start, s",
    "",
)


def row_cells(row: Row) -> tuple[str, ...]:
    """A measurement under `ROW_HEADER`."""
    times = (row.init_ms, row.cold_ms, row.typical_ms if row.warm_ms else None, row.cpu_ms)
    memory = (each / MB if each else None for each in (row.peak_bytes, row.planned_bytes))
    figures = ("" if each is None else f"{each:.0f}" for each in (*times, *memory))
    return (row.picture, str(row.memory_mb), *figures, "" if row.resized else row.detail)


def candidate_cells(each: Candidate, choice: Choice) -> tuple[str, ...]:
    """A memory size under `CANDIDATE_HEADER`."""
    return (
        str(each.memory_mb),
        f"{each.lambda_dollars_per_million:.2f}",
        f"{each.dollars_per_million:.2f}",
        f"{each.mean_ms:.0f}",
        f"{each.slowest_ms / 1000:.1f}",
        each.problem or marks(each, choice),
    )


def print_rows(console: Console, rows: Sequence[Row]) -> None:
    """Print each picture at each size."""
    table = Table(*ROW_HEADER, title=f"{', '.join(sorted({row.kind for row in rows}))}. {ROW_UNITS}")
    for column in table.columns[1:-1]:
        column.justify, column.no_wrap = "right", True
    for row in rows:
        table.add_row(*map(escape, row_cells(row)), style="" if row.resized else "dim")
    console.print(table)


def marks(each: Candidate, choice: Choice) -> str:
    """The strategies that find this candidate best, and `chosen` by the strategy and `TIE_RULE`."""
    names = [str(strategy) for strategy in Strategy if each == lowest(choice.candidates, strategy)]
    return ", ".join([*names, "chosen"] if each == choice.chosen else names)


def print_candidates(console: Console, choice: Choice) -> None:
    """Print each size with its price for the mix, and the best by each strategy."""
    table = Table(*CANDIDATE_HEADER)
    for column in table.columns[:-1]:
        column.justify = "right"
    for each in choice.candidates:
        *figures, remark = candidate_cells(each, choice)
        remark = escape(remark) if each.problem else f"[green]{remark}[/]"
        table.add_row(*figures, remark, style="dim" if each.problem else "")
    console.print(table)
    console.print(TIE_RULE, *summary(choice), sep="\n", highlight=False, soft_wrap=True)


def print_check(console: Console, now: Mapping[str, Figures], revision: str) -> None:
    """Print CPU time and memory beside those of the accepted code."""
    title = f"this code and {revision[:12]}, measured in turn"
    table = Table("picture", "CPU ms", "accepted", "ratio", "peak MB", "accepted", "ratio", title=title)
    for column in table.columns[1:]:
        column.justify = "right"
    for name, each in now.items():
        cpu = (f"{each.cpu_ms:.1f}", f"{each.accepted_cpu_ms:.1f}", f"{each.cpu_ratio:.2f}")
        peak = (f"{each.peak_bytes / 1e6:.0f}", f"{each.accepted_peak_bytes / 1e6:.0f}", f"{each.peak_ratio:.2f}")
        table.add_row(name, *cpu, *peak)
    console.print(table)


def summary(choice: Choice) -> list[str]:
    """The chosen size, the best pair of sizes, and the conditions, in sentences."""
    conditions, lines = choice.conditions, []
    single, pair = choice.chosen, best(choice.pairs, choice.strategy)
    among = BEST[choice.strategy]
    if single:
        lines.append(f"{among} size: {single.memory_mb} MB, {_price(single)}.")
    else:
        lines.append("No single size fits every picture of the mix.")
    if pair and single and not is_cheaper(pair, single):
        lines.append("A second, larger function would not be cheaper.")
    elif pair:
        lines.append(
            f"{among} pair: {pair.memory_mb} MB, and {pair.large_mb} MB for pictures that do not fit: {_price(pair)}."
        )
    prices = conditions.prices
    free = "after" if conditions.free_tier else "before"
    lines.append(
        f"For {count(round(conditions.images), 'image')} a month, {conditions.cold_share:.1%} of them cold starts; "
        f"{prices.region}, {conditions.architecture}, prices of {prices.request.as_of}, {free} the free tier."
    )
    return lines


def _price(each: Candidate) -> str:
    return f"${each.lambda_dollars:.2f} for Lambda, {each.mean_ms:.0f} ms on average"
