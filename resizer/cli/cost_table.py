"""A month's bill as a table."""

from collections.abc import Sequence
from dataclasses import replace

from rich.console import Console
from rich.table import Table

from resizer.cli.bill import Stack, Trigger, trigger_line, whole_bill
from resizer.cli.cost import Line, Usage, cost
from resizer.cli.lines import count
from resizer.cli.prices import prices

MILLION = 1e6
HEADER = ("", "per month", "dollars", "per million", "price as of")


def print_bill(console: Console, usage: Usage, stack: Stack, *, free_tier: bool) -> None:
    """Print a month's bill line by line, the source of the prices, and the cheapest trigger."""
    listed = prices()
    lines = whole_bill(cost(usage, listed, free_tier=free_tier), usage.images, stack, listed, free_tier=free_tier)
    title = f"{count(round(usage.images), 'image')} a month, {usage.memory_mb} MB, {usage.billed_ms:,.0f} ms each"
    table = Table(*HEADER, title=title)
    for column in table.columns[1:4]:
        column.justify = "right"
    *rows, total = bill_rows(lines, usage.images)
    for row in rows:
        table.add_row(*row, end_section=row is rows[-1])
    table.add_row(*total)
    free = "after the free tier" if free_tier else "before the free tier (--free-tier subtracts it)"
    sources = ", ".join(dict.fromkeys(line.price.source for line in lines))
    notes = [f"{listed.region}, {usage.architecture}, {free}. Prices: {sources}."]
    console.print(table)
    console.print(
        *notes, cheapest_trigger(usage.images, stack, free_tier=free_tier), sep="\n", soft_wrap=True, highlight=False
    )


def bill_rows(lines: Sequence[Line], images: float) -> list[tuple[str, ...]]:
    """A bill's lines as table cells (see `HEADER`), and their total. Fixed costs have no price per million."""
    scale = MILLION / images
    rows = [
        (
            line.label,
            _units(line.units),
            f"{line.dollars:,.2f}",
            "" if line.fixed else f"{line.dollars * scale:,.2f}",
            str(line.price.as_of),
        )
        for line in lines
    ]
    dollars, variable = (sum(line.dollars for line in some) for some in (lines, [x for x in lines if not x.fixed]))
    return [*rows, ("total", "", f"{dollars:,.2f}", f"{variable * scale:,.2f}", "")]


def _units(units: float) -> str:
    return f"{units:,.0f}" if units >= 100 or units % 1 == 0 else f"{units:.3g}"


def cheapest_trigger(images: float, stack: Stack, *, free_tier: bool) -> str:
    """The triggers with their cost for a month's uploads, cheapest first."""
    costs = {
        trigger: trigger_line(replace(stack, trigger=trigger), images, prices(), free_tier=free_tier).dollars
        for trigger in Trigger
    }
    first, *others = sorted(Trigger, key=lambda trigger: costs[trigger])
    no_prefix = stack.own_output_bucket or first is Trigger.EVENTBRIDGE
    needs = "" if no_prefix else " (it needs an OutputBucket or a SourcePrefix)"
    rest = ", ".join(f"{trigger} ${costs[trigger]:,.2f}" for trigger in others)
    return f"Cheapest trigger: {first}{needs} ${costs[first]:,.2f}; {rest}."
