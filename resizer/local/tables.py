"""What the command line prints."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.filesize import decimal
from rich.markup import escape
from rich.table import Table

from resizer.local.embedded import CREDENTIALS, REGION
from resizer.local.lines import event_line
from resizer.report import Outcome, Report

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from rich.console import Console

    from resizer.errors import UsageError
    from resizer.local.service import Service


def file_line(image: Path, result: Report | UsageError, console: Console, complaints: Console) -> bool:
    """Print how one local file ended; False where it was refused."""
    if why := refusal(result):
        complaints.print(f"[red]refused[/red]  {escape(str(image))}: {escape(why)}", soft_wrap=True, highlight=False)
    elif isinstance(result, Report):
        console.print(event_line(result.log_fields()), soft_wrap=True, highlight=False)
    return not why


def refusal(result: Report | UsageError) -> str | None:
    """Why an image has no renditions, in one line; None where it has."""
    if isinstance(result, Report):
        return None if result.outcome is Outcome.RESIZED else f"{result.outcome} {result.reason}: {result.detail}"
    return str(result)


def ready(console: Console, service: Service) -> None:
    """Say where the service listens and how to upload to it."""
    settings = " ".join(f"{name}={value}" for name, value in CREDENTIALS.items())
    console.print(
        f"[green]Resizer is ready.[/green]\n"
        f"  endpoint  {service.endpoint}\n"
        f"  bucket    {service.bucket}\n\n"
        "In another terminal:\n"
        f"  export AWS_ENDPOINT_URL={service.endpoint} AWS_REGION={REGION} {settings}\n"
        f"  aws s3 cp cat.jpg s3://{service.bucket}/\n"
        f"  aws s3 ls s3://{service.bucket}/resized/\n\n"
        "Ctrl-C stops it; nothing is kept.",
        soft_wrap=True,
        highlight=False,
    )


def farewell(console: Console, service: Service) -> None:
    """Say that the service has stopped, and what failed for good."""
    console.print("Stopped.")
    for failure in service.failures:
        text = f"[red]failed {failure.tries} times[/red]  {escape(str(failure.problem))}"
        console.print(text, soft_wrap=True, highlight=False)


def renditions(console: Console, results: Sequence[dict[str, Any]], saved: Path) -> None:
    """The renditions of a demonstration as a table."""
    table = Table("rendition", "width", "height", "bytes", "type")
    for column in table.columns[1:4]:
        column.justify = "right"
    made = [rendition for result in results for rendition in result["renditions"]]
    for each in made:
        size = (str(each["width"]), str(each["height"]), decimal(each["bytes"]))
        table.add_row(escape(each["key"]), *size, each["content_type"])
    console.print(table)
    skipped = sum(result["reason"] == "output_prefix" for result in results)
    told = f"{len(made)} renditions, saved below {saved}/. Their own {skipped} events were skipped: no recursion."
    console.print(told, soft_wrap=True, highlight=False)
