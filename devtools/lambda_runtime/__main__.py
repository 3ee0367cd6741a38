"""`python -m devtools.lambda_runtime EVENT`: the command of `make invoke`."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.filesize import decimal

from devtools.lambda_runtime.model import Result
from resizer.cli.command_line import HELP_OPTIONS, run
from resizer.errors import UsageError

app = typer.Typer(
    add_completion=False, pretty_exceptions_enable=False, rich_markup_mode="markdown", context_settings=HELP_OPTIONS
)
console = Console()
error_console = Console(stderr=True)


@app.command()
def invoke(
    event: Annotated[Path, typer.Argument(help="File with the event, such as events/s3-put.json.")],
    photo: Annotated[Path | None, typer.Option(help="Image to upload for the event; by default, a drawn one.")] = None,
    function: Annotated[str, typer.Option(help="Function of the template to invoke.")] = "ResizeFunction",
) -> None:
    """Invoke the built function with an event, in AWS's runtime emulator and with the template's settings.

    The image is uploaded to a local S3 first. Prints the function's log, its answer and the REPORT line. Exits with 1
    if the invocation fails.
    """
    from devtools.lambda_runtime import invoke as invocation  # noqa: PLC0415 # keeps --help quick

    try:
        body = photo.read_bytes() if photo else None
    except OSError as problem:
        raise UsageError(f"{photo}: {problem.strerror}.") from problem
    invoked = invocation.invoke(invocation.read_event(event), body, function)
    show(invoked.result)
    for key, size in invoked.stored.items():
        console.print(f"{decimal(size):>10}  {key}", highlight=False, markup=False)
    if invoked.result.failed:
        raise typer.Exit(1)


def show(result: Result) -> None:
    """Print the log, the answer or the error, and the durations and memory."""
    for line in result.log:
        console.print(line, style="dim", soft_wrap=True, highlight=False, markup=False)
    if result.failed:
        error_console.print(f"[red]{result.error_type}[/red]: {result.error_message}", soft_wrap=True, highlight=False)
    else:
        console.print_json(data=result.answer)
    figures = result.figures
    if figures.report:
        console.print(figures.report.expandtabs(2), soft_wrap=True, highlight=False, markup=False)
    measured = [
        f"cold start {figures.init_ms:.0f} ms" if figures.init_ms is not None else "warm",
        f"handler {figures.duration_ms:.0f} ms" if figures.duration_ms is not None else "handler did not finish",
        f"memory {decimal(result.peak_bytes)}" if result.peak_bytes else "memory unknown",
    ]
    console.print("Measured here: " + ", ".join(measured), highlight=False)


if __name__ == "__main__":
    run(app, "resizer")
