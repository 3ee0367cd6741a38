"""Prints tables and summaries for the command line."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from resizer.cli.lines import count, event_line, size
from resizer.cli.sources import readable
from resizer.errors import Reason, UsageError
from resizer.report import Outcome, Report
from resizer.settings import Settings

if TYPE_CHECKING:  # `resizer files` starts no service, and its imports take most of a second
    from resizer.local.demo import Demonstration
    from resizer.local.service import Service


def file_line(file: Path, result: Report | UsageError, console: Console, error_console: Console) -> None:
    """Print the outcome of one local file."""
    name = readable(file)
    if (reason := refusal(result)) and not is_excluded(result):
        error_console.print(f"[red]refused [/red]  {escape(name)}  {escape(reason)}", soft_wrap=True, highlight=False)
    elif isinstance(result, Report):
        formats = list(dict.fromkeys(str(each.plan.format) for each in result.renditions))
        console.print(event_line(result.log_fields() | {"key": name}, formats), soft_wrap=True, highlight=False)


def files_summary(results: Sequence[Report | UsageError], out: Path, console: Console) -> None:
    """Print one line that sums up all files."""
    reports = [each for each in results if isinstance(each, Report) and not refusal(each)]
    made = [rendition for report in reports for rendition in report.renditions]
    parts = [f"{count(len(reports), 'image')} resized"]
    excluded = sum(map(is_excluded, results))
    if excluded:
        parts.append(f"{excluded:,} excluded")
    if refused := len(results) - len(reports) - excluded:
        parts.append(f"{refused:,} refused")
    if reports:
        parts.append(f"{size(sum(report.bytes_in for report in reports))} read")
        parts.append(f"{count(len(made), 'rendition')} {size(sum(each.size for each in made))}, below {readable(out)}/")
    console.print(escape(", ".join(parts) + "."), soft_wrap=True, highlight=False)


def refusal(result: Report | UsageError) -> str | None:
    """Why an image has no renditions, in one line; None if it has some."""
    if is_excluded(result):
        return "A rule of resizer.toml excludes it."
    if isinstance(result, Report):
        if result.outcome is Outcome.RESIZED:
            return None
        return f"{result.reason}: {result.detail}" if result.detail else str(result.reason)
    return str(result)


def is_excluded(result: Report | UsageError) -> bool:
    """Whether a rule excludes an image; that is not an error."""
    return isinstance(result, Report) and result.reason is Reason.EXCLUDED


def ready(console: Console, service: Service, settings: Settings, *, trigger: bool) -> None:
    """Print where the service listens, how to upload to it, and how to list the result."""
    variables = " ".join(f"{name}={value}" for name, value in service.environment.items())
    prefix = settings.source_prefix
    key = prefix if not prefix or prefix.endswith("/") else f"{prefix}cat.jpg"  # `aws` adds the name to a folder
    status = "Resizer is ready." if trigger else "The local S3 is ready. Uploads are not resized."
    listed = f"{service.output_bucket}/{settings.output_prefix}" if trigger else f"{service.bucket}/"
    console.print(
        f"[green]{status}[/green]\n"
        f"  endpoint  {service.endpoint}\n"
        f"  bucket    {service.bucket}\n\n"
        "In another terminal:\n"
        f"  export {variables}\n"
        f"  aws s3 cp cat.jpg s3://{service.bucket}/{key}\n"
        f"  aws s3 ls s3://{listed}\n\n"
        "Ctrl-C stops it and deletes everything.",
        soft_wrap=True,
        highlight=False,
    )


def farewell(console: Console, service: Service) -> None:
    """Print that the service has stopped, and the events that failed on every try."""
    console.print("Stopped.")
    for failure in service.failures:
        text = f"[red]failed {failure.tries} times[/red]  {escape(str(failure.problem))}"
        console.print(text, soft_wrap=True, highlight=False)


def renditions(console: Console, shown: Demonstration, saved: Path) -> None:
    """Print the renditions of a demonstration as a table."""
    made = [rendition for result in shown.results for rendition in result["renditions"]]
    if not made:  # the event lines already say why
        return
    table = Table("rendition", "width", "height", "bytes", "type")
    for column in table.columns[1:4]:
        column.justify = "right"
    for each in made:
        figures = (str(each["width"]), str(each["height"]), size(each["bytes"]))
        table.add_row(escape(each["key"]), *figures, each["content_type"])
    console.print(table)
    skipped = sum(result["reason"] == "output_prefix" for result in shown.results)
    verb = "was" if skipped == 1 else "were"
    reason = f"Their own {count(skipped, 'event')} {verb} skipped" if skipped else "Their bucket sends no events"
    manifests = len(shown.keys) - len(made)
    written = count(len(made), "rendition") + (f" and {count(manifests, 'manifest')}" if manifests else "")
    message = f"{written}, saved below {saved}/. {reason}: no recursion."
    console.print(message, soft_wrap=True, highlight=False)
    files = {saved / key for key in shown.keys}
    if others := {file for folder in {file.parent for file in files} for file in folder.iterdir()} - files:
        verb = "was" if len(others) == 1 else "were"
        console.print(f"{count(len(others), 'other file')} {verb} already there.", soft_wrap=True, highlight=False)
