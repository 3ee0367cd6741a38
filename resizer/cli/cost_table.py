"""A month's cost as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table

from resizer.cli.cost import Cost, Usage, cost, prices

if TYPE_CHECKING:
    from rich.console import Console


def print_cost(console: Console, usage: Usage, *, free_tier: bool) -> None:
    """Print what a month costs, and how that comes about."""
    listed = prices()
    table = Table("", "usage", "dollars", title=f"{usage.images:,.0f} images a month, {usage.memory_mb} MB")
    for column in table.columns[1:]:
        column.justify = "right"
    for label, amount, dollars in _lines(usage, cost(usage, listed, free_tier=free_tier)):
        table.add_row(label, amount, f"{dollars:,.2f}", end_section=label == "S3 requests")
    console.print(table)
    free = "after the free tier" if free_tier else "before the free tier (--free-tier takes it off)"
    console.print(f"{listed.region}, {usage.architecture}, prices of {listed.as_of}, {free}.", highlight=False)


def _lines(usage: Usage, month: Cost) -> list[tuple[str, str, float]]:
    s3_requests = usage.images * (1 + usage.renditions)
    return [
        ("Lambda requests", f"{usage.images:,.0f}", month.requests),
        ("Lambda duration", f"{usage.gb_seconds:,.0f} GB-s", month.duration),
        ("S3 requests", f"{s3_requests:,.0f}", month.s3),
        ("together", f"{usage.billed_ms:,.0f} ms each", month.total),
    ]
