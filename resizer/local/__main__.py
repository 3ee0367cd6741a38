"""The command line: `resizer` or `python -m resizer.local`."""

from __future__ import annotations

import signal
import sys
import threading
from pathlib import Path  # typer reads annotations when it runs
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import track

from resizer.errors import ConfigError, UsageError
from resizer.local import tables
from resizer.local.cost import Architecture, Usage
from resizer.local.cost_table import print_cost

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from resizer.report import Report

    Result = tuple[Path, Report | UsageError]

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    help="Renditions of the images that land in an S3 bucket: 480, 640 and 1000 pixels wide, under `resized/`.",
    epilog="Settings are read from RESIZER_* variables; the README lists them.",
)
console = Console()
complaints = Console(stderr=True)

Out = Annotated[Path | None, typer.Option("--out", help="Folder to write to; the renditions go to OUT/resized/.")]
Sheet = Annotated[Path | None, typer.Option(help="Page to write that shows originals beside renditions.")]
Widths = Annotated[str | None, typer.Option(help="Widths in pixels.", show_default="480,640,1000")]


@app.command()
def files(
    images: Annotated[list[Path], typer.Argument(help="Images to resize.")],
    out: Out = None,
    widths: Widths = None,
    sheet: Sheet = None,
) -> None:
    """Resize local files, with no AWS: the same pipeline, the same keys.

    Example: `resizer files cat.jpg dog.png --out renditions` writes `renditions/resized/480-cat.jpg` and so on;
    `resizer files --sheet look.html *.jpg` shows them in a page, with the renditions in `look-renditions/`.

    Exits with 1 where a file was refused, after all the others are done.
    """
    from resizer.local.files import local_settings, resize_files  # noqa: PLC0415 # keeps --help quick
    from resizer.local.sheet import write_sheet  # noqa: PLC0415 # keeps --help quick

    out = out or (sheet and sheet.with_name(f"{sheet.stem}-renditions"))
    if out is None:
        raise UsageError("Say where to write: --out FOLDER, or --sheet PAGE.html.")
    results = resize_files(images, out, local_settings(widths))
    quiet = not complaints.is_terminal
    shown = list(_told(track(results, "Resizing", len(images), console=complaints, disable=quiet, transient=True)))
    if sheet:
        write_sheet(sheet, out, shown)
        console.print(f"{sheet}: {len(shown)} images to look at", soft_wrap=True, highlight=False)
    if any(tables.refusal(result) for _, result in shown):
        raise typer.Exit(1)


def _told(results: Iterable[Result]) -> Iterator[Result]:
    for image, result in results:
        tables.file_line(image, result, console, complaints)
        yield image, result


@app.command()
def up(
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port on loopback; 0 takes any free one.")] = 9000,
    bucket: Annotated[str, typer.Option(help="The bucket to make.")] = "photos",
) -> None:
    """Run the service here: an embedded S3 whose uploads are resized by the Lambda handler.

    Any S3 client works against it, such as `aws s3 cp cat.jpg s3://photos/`. One line is printed per event.
    Ctrl-C stops it; nothing is kept.
    """
    from resizer.local.lines import print_lines  # noqa: PLC0415 # keeps --help quick
    from resizer.local.service import local_service  # noqa: PLC0415 # keeps --help quick

    stopping = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopping.set())
    with local_service(bucket, port) as service:
        print_lines(console)
        tables.ready(console, service)
        stopping.wait()
    tables.farewell(console, service)


@app.command()
def demo(
    photos: Annotated[list[Path] | None, typer.Argument(help="Photos to upload; drawn samples where left out.")] = None,
    save: Annotated[Path, typer.Option(help="Folder to save the renditions in.")] = Path("build/renditions"),
) -> None:
    """Show the whole service at work: start it, upload, wait, print the renditions, stop."""
    from resizer.local.demo import demonstrate  # noqa: PLC0415 # keeps --help quick
    from resizer.local.lines import print_lines  # noqa: PLC0415 # keeps --help quick
    from resizer.local.samples import samples  # noqa: PLC0415 # keeps --help quick

    images = {photo.name: _read(photo) for photo in photos} if photos else samples()
    print_lines(console)
    results = demonstrate(images, save)
    tables.renditions(console, results, save)
    if any(result["outcome"] == "rejected" for result in results):
        raise typer.Exit(1)


@app.command()
def cost(  # noqa: PLR0913, PLR0917 # one parameter per option
    images: Annotated[float, typer.Option(min=0, help="Images a month, such as 1e6.")],
    memory: Annotated[int, typer.Option(min=128, max=10240, help="The function's memory in MB.")],
    ms: Annotated[float, typer.Option(min=0, help="Duration of one image in milliseconds.")],
    init_ms: Annotated[float, typer.Option(min=0, help="Duration of a cold start, billed as well.")] = 0,
    cold_share: Annotated[float, typer.Option(min=0, max=1, help="Part of the images that meet a cold start.")] = 0,
    renditions: Annotated[int, typer.Option(min=0, help="PUTs per image.")] = 3,
    arch: Annotated[Architecture, typer.Option(help="The function's processor.")] = Architecture.X86_64,
    *,
    free_tier: Annotated[bool, typer.Option(help="Take off what each account has free every month.")] = False,
) -> None:
    """Calculate what a month of images costs on AWS: Lambda's requests and GB-seconds, S3's requests.

    Example: `resizer cost --images 1e6 --memory 256 --ms 180`
    """
    usage = Usage(images, memory, ms, init_ms, cold_share, renditions, architecture=arch)
    print_cost(console, usage, free_tier=free_tier)


def _read(photo: Path) -> bytes:
    try:
        return photo.read_bytes()
    except OSError as problem:
        raise UsageError(f"{photo}: {problem.strerror}.") from problem


def main() -> None:
    """Run the command line; a person's mistake ends it with one readable line and exit code 2."""
    try:
        app()
    except (UsageError, ConfigError) as problem:
        complaints.print(f"[red]resizer:[/red] {problem}", soft_wrap=True, highlight=False)
        sys.exit(2)


if __name__ == "__main__":
    main()
