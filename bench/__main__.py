"""`python -m bench`: measures the price of each memory size, and chooses the best."""

import os
import signal
from collections.abc import Callable, Generator
from contextlib import closing
from functools import partial
from pathlib import Path  # typer reads annotations when it runs
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from bench.apply import applied
from bench.check import Figures
from bench.choose import MILLION, Conditions, Strategy
from bench.choose import choose as price_sizes
from bench.machine import machine
from bench.pictures import bench_settings, pictures
from bench.plan import OnProgress, Plan
from bench.rows import Row, read_rows, write_rows
from bench.sizes import DEFAULT_SIZES, measurable, parse_sizes
from bench.stub_s3 import FIRST_BYTE_MS, MEGABYTES_PER_SECOND, Network, stub_s3
from bench.table import print_candidates, print_check, print_rows
from resizer.cli.command_line import HELP_OPTIONS, amount, run
from resizer.cli.prices import Architecture, prices

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings=HELP_OPTIONS,
    help=__doc__,
)
console = Console()
BUILD = Path("build/bench")
ROWS = BUILD / "rows.jsonl"

Photos = Annotated[Path | None, typer.Option(exists=True, file_okay=False, help="A folder with your own pictures.")]
Mix = Annotated[Path | None, typer.Option(exists=True, help='TOML file with lines such as `"cat.jpg" = 3`.')]
Sizes = Annotated[
    str,
    typer.Option(help="Memory sizes in MB, separated by commas.", show_default=", ".join(map(str, DEFAULT_SIZES))),
]
Rows = Annotated[Path, typer.Option(help="JSON lines file of the measurements.")]
Warm = Annotated[int, typer.Option(min=1, help="Warm invocations for each picture and size.")]
Strategies = Annotated[Strategy, typer.Option(help="How to choose the best size.")]
ALL_SIZES = ",".join(map(str, DEFAULT_SIZES))


@app.command()
def measure(  # noqa: PLR0913, PLR0917 # one parameter per option
    photos: Photos = None,
    mix: Mix = None,
    sizes: Sizes = ALL_SIZES,
    warm: Warm = 5,
    first_byte_ms: Annotated[float, typer.Option(min=0, help="Milliseconds until S3's first byte.")] = FIRST_BYTE_MS,
    megabytes_per_second: Annotated[
        float, typer.Option(min=0, help="Bandwidth of each connection to S3.")
    ] = MEGABYTES_PER_SECOND,
    code: Annotated[Path, typer.Option(help="Folder of the built function.")] = BUILD / "function",
    layer: Annotated[Path, typer.Option(help="Folder of the built layer.")] = BUILD / "layer",
    *,
    estimate: Annotated[
        bool, typer.Option("--estimate", help="Estimate, even where control groups are available.")
    ] = False,
    rows: Rows = ROWS,
) -> None:
    """Measure each picture at each memory size, in Lambda's runtime emulator and control groups.

    Where these are not available, the figures are computed from CPU time and memory, and labelled as estimates.
    """
    from bench.local import LocalRun  # noqa: PLC0415 # keeps --help fast

    chosen = pictures(photos, mix, BUILD / "samples", _warn_unusable)
    plan = Plan(chosen, _measurable(sizes), warm)
    local = LocalRun(plan, Network(first_byte_ms, megabytes_per_second), code, layer)
    if not estimate and (why := local.why_not_measurable()):
        console.print(f"[yellow]Estimating instead of measuring:[/yellow] {why}", soft_wrap=True, highlight=False)
        estimate = True
    if (load := os.getloadavg()[0]) > 1:
        console.print(f"[yellow]This machine is busy (load {load:.1f}):[/yellow] durations will be too long.")
    _measure(plan, partial(local.rows, estimated=estimate), rows, local.about())


@app.command()
def live(  # noqa: PLR0913, PLR0917 # one parameter per option
    function: Annotated[str, typer.Argument(help="The name of the deployed function.")],
    bucket: Annotated[
        str | None, typer.Option(help="The bucket to measure in, if the function serves several.")
    ] = None,
    photos: Photos = None,
    mix: Mix = None,
    sizes: Sizes = ALL_SIZES,
    warm: Warm = 5,
    rows: Rows = ROWS,
) -> None:
    """Measure on AWS: publish a version for each memory size, read Lambda's reports, and restore everything."""
    from bench.account import connect, find_target  # noqa: PLC0415 # keeps --help fast
    from bench.live import measure_live  # noqa: PLC0415 # keeps --help fast

    signal.signal(signal.SIGTERM, signal.default_int_handler)  # restores everything, like Ctrl-C
    plan = Plan(pictures(photos, mix, BUILD / "samples", _warn_unusable), parse_sizes(sizes), warm)
    account = connect()
    target = find_target(account, function, bucket)
    about = {"function": function, "warm": warm, "mix": plan.mix}
    _measure(plan, partial(measure_live, account, target, plan), rows, about)


@app.command()
def check(
    rounds: Annotated[int, typer.Option(min=1, help="How often each picture is resized.")] = 15,
    accepted: Annotated[Path, typer.Option(help="The file that names the accepted revision.")] = Path("bench/accepted"),
    against: Annotated[str | None, typer.Option(help="Compare with this revision instead.")] = None,
    *,
    accept: Annotated[
        bool, typer.Option("--accept", help="Accept the revision that is checked out, without comparing.")
    ] = False,
) -> None:
    """Compare CPU time and memory per image with the accepted code. Exit code 1 if they are 15 percent higher."""
    from bench.check import (  # noqa: PLC0415 # keeps --help fast
        better_of,
        code_at,
        current_revision,
        measure_samples,
        regressions,
    )

    if accept:
        accepted.write_text(current_revision() + "\n")
        console.print(f"Accepted: {accepted}.", highlight=False)
        return
    revision = against or accepted.read_text().strip()
    code = code_at(revision, BUILD / "accepted").resolve()
    samples = [picture.path for picture in pictures(None, None, BUILD / "samples")]

    def measured() -> dict[str, Figures]:
        with stub_s3(samples[0].parent, Network(0, 0)) as endpoint, _progress() as progress:
            task = progress.add_task("", total=None)
            return measure_samples(
                samples, endpoint, code, rounds, lambda text: progress.update(task, description=text)
            )

    now = measured()
    if regressions(now, prices()):  # noise rarely comes twice
        now = better_of(now, measured())
    print_check(console, now, revision)
    if worse := regressions(now, prices()):
        console.print(*(f"[red]{line}[/red]" for line in worse), sep="\n", soft_wrap=True, highlight=False)
        raise typer.Exit(1)


@app.command()
def choose(  # noqa: PLR0913, PLR0917 # one parameter per option
    rows: Rows = ROWS,
    strategy: Strategies = Strategy.CHEAPEST,
    images: Annotated[float, typer.Option(parser=amount, metavar="NUMBER", help="Images a month.")] = MILLION,
    cold_share: Annotated[float, typer.Option(min=0, max=1, help="Share of images with a cold start.")] = 0.01,
    timeout: Annotated[float, typer.Option(min=1, help="The function's time-out in seconds.")] = 60,
    arch: Annotated[Architecture, typer.Option(help="The function's processor.")] = Architecture.X86_64,
    *,
    free_tier: Annotated[bool, typer.Option("--free-tier", help="Subtract the monthly free tier.")] = False,
    template: Annotated[Path | None, typer.Option(help="Write the chosen sizes into this template.")] = None,
    report: Annotated[Path, typer.Option(help="The HTML file to write.")] = Path("bench/report.html"),
) -> None:
    """Choose a memory size by its price for the mix, and write the report; with --template, apply the choice."""
    about, measured = read_rows(rows)
    from bench.html_report import html_report  # noqa: PLC0415 # needs matplotlib, which tests do not install
    from bench.plots import cost_and_duration  # noqa: PLC0415 # as above

    conditions = Conditions(
        about["mix"], prices(), cold_share, timeout, arch, free_tier, images, bench_settings().defaults.writes
    )
    choice = price_sizes(measured, conditions, strategy)
    print_candidates(console, choice)
    report.write_text(html_report(about, measured, choice, BUILD / "peers.jsonl"), encoding="utf-8")
    plot = report.with_suffix(".svg")
    plot.write_text(cost_and_duration(choice.candidates, choice.chosen) + "\n", encoding="utf-8")
    console.print(f"Report: {report}, plot: {plot}.", highlight=False)
    if template:
        template.write_text(applied(template.read_text(encoding="utf-8"), choice), encoding="utf-8")
        console.print(f"{template} has the chosen defaults.", highlight=False)


def _measure(
    plan: Plan, measure_rows: Callable[[OnProgress], Generator[Row, None, None]], path: Path, about: dict[str, Any]
) -> None:
    """Measure with a progress bar, write the rows, and print them. An interruption keeps the rows so far."""
    found: list[Row] = []
    with _progress() as progress:
        task = progress.add_task("", total=len(plan.pictures) * len(plan.sizes))
        try:
            with closing(measure_rows(lambda text: progress.update(task, description=text))) as measured:
                for row in measured:
                    found.append(row)
                    progress.advance(task)
        finally:
            write_rows(path, about, found)
    print_rows(console, found)


def _warn_unusable(why: str) -> None:
    console.print(f"[yellow]Left out:[/yellow] {escape(why)}", soft_wrap=True, highlight=False)


def _measurable(sizes: str) -> tuple[int, ...]:
    wanted = parse_sizes(sizes)
    found = measurable(wanted, machine().cores)
    for size in sorted(set(wanted) - set(found)):
        console.print(f"[yellow]{size} MB is left out:[/yellow] this machine has too few cores for it.")
    return found


def _progress() -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=Console(stderr=True), transient=True)


if __name__ == "__main__":
    run(app, "bench")
