"""`python -m bench`: measure, choose, apply, report."""

from __future__ import annotations

import os
import signal
from contextlib import closing
from datetime import UTC, datetime
from functools import partial
from pathlib import Path  # typer reads annotations when it runs
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from bench.apply import Default, smallest, with_defaults
from bench.choose import Conditions, Strategy, best, candidates, cheaper, pairs
from bench.machine import machine
from bench.pictures import own_settings, pictures
from bench.rows import Row, read_rows, write_rows
from bench.sizes import DEFAULT_SIZES, measurable, parse_sizes
from bench.stub_s3 import FIRST_BYTE_MS, MEGABYTES_PER_SECOND, Network, stub_s3
from bench.table import print_candidates, print_check, print_rows
from resizer.cli.command_line import HELP_OPTIONS, amount, run
from resizer.cli.prices import Architecture, prices
from resizer.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from bench.check import Figures

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
# Seconds. Time that is not used is not paid, and the limits allow images many times as large as those of most mixes:
# one of 100 megapixels takes up to six times as long as the 17 megapixels that were measured here.
LEAST_TIMEOUT = 60

Photos = Annotated[Path | None, typer.Option(exists=True, file_okay=False, help="A folder of your own pictures.")]
Mix = Annotated[Path | None, typer.Option(exists=True, help='TOML of `"file name" = share`; all equal without it.')]
Sizes = Annotated[str, typer.Option(help="Memory sizes in MB, by comma.")]
Rows = Annotated[Path, typer.Option(help="Where the rows are, as JSON lines.")]
Warm = Annotated[int, typer.Option(min=1, help="Warm invocations of each picture and size.")]
Strategies = Annotated[Strategy, typer.Option(help="What best means.")]
EVERY_SIZE = ",".join(map(str, DEFAULT_SIZES))


@app.command()
def measure(  # noqa: PLR0913, PLR0917 # one parameter per option
    photos: Photos = None,
    mix: Mix = None,
    sizes: Sizes = EVERY_SIZE,
    warm: Warm = 5,
    first_byte_ms: Annotated[float, typer.Option(min=0, help="S3's time to the first byte.")] = FIRST_BYTE_MS,
    megabytes_per_second: Annotated[float, typer.Option(min=0, help="S3's bandwidth.")] = MEGABYTES_PER_SECOND,
    code: Annotated[Path, typer.Option(help="The built function.")] = BUILD / "function",
    layer: Annotated[Path, typer.Option(help="The built layer.")] = BUILD / "layer",
    *,
    estimate: Annotated[bool, typer.Option(help="Compute the sizes from one measurement, whatever is here.")] = False,
    rows: Rows = ROWS,
) -> None:
    """Measure each picture at each memory size, under the Lambda runtime, in control groups.

    Where those are not to be had, the sizes are computed from CPU time and memory, and labelled an estimate.
    """
    from bench.local import Plan, run, why_estimate  # noqa: PLC0415 # keeps --help quick

    chosen, network = pictures(photos, mix, BUILD / "samples", _left_out), Network(first_byte_ms, megabytes_per_second)
    plan = Plan(chosen, _measurable(sizes), warm, network, code, layer)
    if not estimate and (why := why_estimate(plan)):
        console.print(f"[yellow]Estimating instead of measuring:[/yellow] {why}", soft_wrap=True, highlight=False)
        estimate = True
    if (load := os.getloadavg()[0]) > 1:
        console.print(f"[yellow]This machine is busy (load {load:.1f}):[/yellow] durations will be too long.")
    with _progress() as progress:
        task = progress.add_task("", total=len(chosen) * len(plan.sizes))
        step = partial(_describe, progress, task)
        _keep(rows, plan.about(), _tracked(run(plan, step, estimated=estimate), progress, task))
    print_rows(console, read_rows(rows)[1])


@app.command()
def live(  # noqa: PLR0913, PLR0917 # one parameter per option
    function: Annotated[str, typer.Argument(help="The deployed function's name.")],
    bucket: Annotated[str | None, typer.Option(help="Where it may write, if it does not serve one bucket.")] = None,
    photos: Photos = None,
    mix: Mix = None,
    sizes: Sizes = EVERY_SIZE,
    warm: Warm = 5,
    rows: Rows = ROWS,
) -> None:
    """Measure on AWS: a version for each memory size, what Lambda reports read, everything put back."""
    from bench.account import connect, find  # noqa: PLC0415 # keeps --help quick
    from bench.live import measure_live  # noqa: PLC0415 # keeps --help quick

    signal.signal(signal.SIGTERM, signal.default_int_handler)  # put everything back then, too
    chosen = pictures(photos, mix, BUILD / "samples", _left_out)
    wanted, account = parse_sizes(sizes), connect()
    target = find(account, function, bucket)
    with _progress() as progress:
        task = progress.add_task("", total=len(chosen) * len(wanted))
        step = partial(_describe, progress, task)
        about = {"function": function, "warm": warm, "mix": {picture.name: picture.share for picture in chosen}}
        with closing(measure_live(account, target, chosen, wanted, warm, step)) as measured:
            _keep(rows, about, _tracked(measured, progress, task))
    print_rows(console, read_rows(rows)[1])


@app.command()
def check(
    rounds: Annotated[int, typer.Option(min=1, help="Rounds of each picture.")] = 15,
    accepted: Annotated[Path, typer.Option(help="The file with the accepted revision.")] = Path("bench/accepted"),
    against: Annotated[str | None, typer.Option(help="Another revision to compare with.")] = None,
    *,
    accept: Annotated[bool, typer.Option(help="Accept the revision that is checked out instead of comparing.")] = False,
) -> None:
    """Compare CPU and memory per image with the accepted code's, in the same run; exit 1 where 15 percent worse."""
    from bench.check import code_at, current_revision, least, regressions, take  # noqa: PLC0415 # keeps --help quick

    if accept:
        accepted.write_text(current_revision() + "\n")
        console.print(f"Accepted: {accepted}.", highlight=False)
        return
    revision = against or accepted.read_text().strip()
    code = code_at(revision, BUILD / "accepted").resolve()
    samples = [picture.path for picture in pictures(None, None, BUILD / "samples")]

    def again() -> dict[str, Figures]:
        with stub_s3(samples[0].parent, Network(0, 0)) as endpoint, _progress() as progress:
            step = partial(_describe, progress, progress.add_task("", total=None))
            return take(samples, endpoint, code, rounds, step)

    now = again()
    if regressions(now, prices()):  # noise does not come twice
        now = least(now, again())
    print_check(console, now, revision)
    if worse := regressions(now, prices()):
        console.print(*(f"[red]{line}[/red]" for line in worse), sep="\n", soft_wrap=True, highlight=False)
        raise typer.Exit(1)


@app.command()
def choose(  # noqa: PLR0913, PLR0917 # one parameter per option
    rows: Rows = ROWS,
    strategy: Strategies = Strategy.CHEAPEST,
    images: Annotated[float, typer.Option(parser=amount, metavar="NUMBER", help="Images a month.")] = 1e6,
    cold_share: Annotated[float, typer.Option(min=0, max=1, help="Part of the images that meet a cold start.")] = 0.01,
    timeout: Annotated[float, typer.Option(min=1, help="The function's time-out in seconds.")] = 60,
    arch: Annotated[Architecture, typer.Option(help="The function's processor.")] = Architecture.X86_64,
    *,
    free_tier: Annotated[bool, typer.Option(help="Take off what each account has free every month.")] = False,
    template: Annotated[Path | None, typer.Option(help="Write the choice into this template's defaults.")] = None,
    report: Annotated[Path, typer.Option(help="Where the page goes.")] = Path("bench/report.html"),
) -> None:
    """Choose a memory size by its price for the mix, and write the report; with --template, apply it."""
    about, measured = read_rows(rows)
    from bench.page import page  # noqa: PLC0415 # matplotlib takes a second, and is not there for tests
    from bench.plots import cost_and_duration  # noqa: PLC0415 # as above

    conditions = Conditions(
        about["mix"], prices(), cold_share, timeout, arch, free_tier, images, own_settings().defaults.writes
    )
    found, two = candidates(measured, conditions), pairs(measured, conditions)
    print_candidates(console, found, two, conditions, strategy)
    report.write_text(page(about, measured, found, two, conditions, BUILD / "peers.jsonl", strategy), encoding="utf-8")
    plot = report.with_suffix(".svg")
    plot.write_text(cost_and_duration(found, best(found, strategy)) + "\n", encoding="utf-8")
    console.print(f"Report: {report}, plot: {plot}.", highlight=False)
    if template:
        template.write_text(_applied(template, measured, conditions, strategy), encoding="utf-8")
        console.print(f"{template} has the chosen defaults.", highlight=False)


def _applied(template: Path, rows: list[Row], conditions: Conditions, strategy: Strategy) -> str:
    """The template's text with the best that its own limits allow."""
    text = template.read_text(encoding="utf-8")
    low, large = smallest(text, "MemorySize"), smallest(text, "LargeMemorySize")
    one = best([each for each in candidates(rows, conditions) if each.memory_mb >= low], strategy)
    two = best(
        [each for each in pairs(rows, conditions) if each.memory_mb >= low and (each.large_mb or 0) >= large], strategy
    )
    chosen = two if two and (one is None or cheaper(two, one)) else one
    if chosen is None:
        raise UsageError("No memory size fits the mix, so there is nothing to apply.")
    dollars = chosen.lambda_dollars / conditions.images * 1e6
    reason = f"{datetime.now(UTC):%Y-%m-%d}: {strategy} for {len(conditions.mix)} pictures, ${dollars:.2f} a million"
    seconds = max(LEAST_TIMEOUT, -(-int(chosen.slowest_ms * 2) // 10_000) * 10)  # twice the slowest, in tens
    defaults = [Default("MemorySize", chosen.memory_mb, reason), Default("TimeoutSeconds", seconds, reason)]
    if chosen.large_mb:
        defaults.append(Default("LargeMemorySize", chosen.large_mb, reason))
    return with_defaults(text, defaults)


def _keep(path: Path, about: dict[str, Any], rows: Iterable[Row]) -> None:
    """Write the rows, and those that are there when somebody interrupts."""
    found: list[Row] = []
    try:
        found.extend(rows)
    finally:
        write_rows(path, about, found)


def _left_out(why: str) -> None:
    console.print(f"[yellow]Left out:[/yellow] {escape(why)}", soft_wrap=True, highlight=False)


def _describe(progress: Progress, task: TaskID, what: str) -> None:
    progress.update(task, description=what)


def _tracked(rows: Iterable[Row], progress: Progress, task: TaskID) -> Iterator[Row]:
    for row in rows:
        yield row
        progress.advance(task)


def _measurable(sizes: str) -> tuple[int, ...]:
    wanted = parse_sizes(sizes)
    found = measurable(wanted, machine().cores)
    for size in sorted(set(wanted) - set(found)):
        console.print(f"[yellow]{size} MB is left out:[/yellow] this machine has too few cores for its share.")
    return found


def _progress() -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=Console(stderr=True), transient=True)


if __name__ == "__main__":
    run(app, "bench")
