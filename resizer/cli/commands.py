"""The commands of `resizer`."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from functools import partial
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as version_of
from pathlib import Path  # typer reads annotations when it runs
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import track

from resizer.cli import config_command
from resizer.cli.command_line import HELP_OPTIONS
from resizer.cli.connect_command import connect
from resizer.cli.cost_command import cost
from resizer.cli.explain_command import explain
from resizer.errors import UsageError

if TYPE_CHECKING:
    from resizer.cli.files import Result

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    context_settings=HELP_OPTIONS,
    help="Resizes images that are uploaded to an S3 bucket, and writes renditions to `resized/`.",
    epilog="Settings come from RESIZER_* variables and from `resizer.toml`; the README lists them.",
)
DISTRIBUTION = "resizer-s3-lambda"
console = Console()
error_console = Console(stderr=True)

Out = Annotated[Path | None, typer.Option("--out", help="Folder to write to; renditions are written to OUT/resized/.")]
Sheet = Annotated[Path | None, typer.Option(help="HTML page to write, with each original next to its renditions.")]
WIDTHS_HELP = "Widths in pixels, separated by commas, such as `320,1200`; replaces RESIZER_WIDTHS."
Widths = Annotated[str | None, typer.Option(help=WIDTHS_HELP, show_default="480,640,1000")]
Host = Annotated[
    str,
    typer.Option(help="IPv4 address to listen on, such as Docker's 172.17.0.1. Everyone who can reach it has access."),
]
Exclude = Annotated[
    list[str] | None,
    typer.Option(help="Name or path to skip in folders, such as `build` or `*.png`. You can repeat it."),
]
# A file that cannot be read is reported when it is processed, not by typer.
Images = Annotated[list[Path], typer.Argument(readable=False, help="Images to resize, or folders of images.")]


def _print_version(wanted: bool) -> None:  # noqa: FBT001 # typer passes it by position
    if wanted:
        console.print(f"resizer {_version()}", highlight=False)
        raise typer.Exit


def _version() -> str:
    try:
        return version_of(DISTRIBUTION)
    except PackageNotFoundError:
        return "from a checkout that is not installed"


@app.callback()
def about(
    *,
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Handle the options before a command."""


@app.command()
def files(
    images: Images,
    out: Out = None,
    widths: Widths = None,
    sheet: Sheet = None,
    exclude: Exclude = None,
) -> None:
    """Resize local files without AWS: the same pipeline and the same keys. Give `--out` or `--sheet`.

    Example: `resizer files cat.jpg dog.png --out renditions` writes `renditions/resized/480-cat.jpg` and so on;
    `resizer files --sheet look.html *.jpg` shows them in a page, with the renditions in `look-renditions/`.

    You can name folders: `resizer files photos --out renditions` resizes all images below `photos`, and writes
    `renditions/resized/480-photos/cat.jpg` and so on. It skips names that begin with a dot, renditions of earlier runs
    (folders called `resized`), and names that match `--exclude`.

    The key of a file that you name is its name, without folders. So name the folder if a rule matches it: rules for
    `photos/**` apply to `resizer files photos`, but not to `resizer files photos/cat.jpg`.

    Exits with 1 if a file was refused, after resizing all the others.
    """
    from resizer.cli import tables, writable  # noqa: PLC0415 # keeps --help quick
    from resizer.cli.files import resize_files  # noqa: PLC0415 # keeps --help quick
    from resizer.cli.lines import count  # noqa: PLC0415 # keeps --help quick
    from resizer.cli.settings import local_settings  # noqa: PLC0415 # keeps --help quick
    from resizer.cli.sheet import write_sheet  # noqa: PLC0415 # keeps --help quick
    from resizer.cli.sources import Exclusions, find_sources  # noqa: PLC0415 # keeps --help quick

    out = out or (sheet and sheet.parent / f"{sheet.stem}-renditions")
    if out is None:
        raise UsageError("Say where to write: --out FOLDER, or --sheet PAGE.html.")
    if sheet and sheet.suffix.lower() not in {".html", ".htm"}:  # `--sheet *.jpg` would replace the first image
        raise UsageError(f"--sheet {sheet}: the page's name must end in .html, such as look.html.")
    settings = local_settings(widths)
    if not settings.output_prefix and any(out.resolve() in (path, *path.parents) for path in map(Path.resolve, images)):
        raise UsageError(f"Without an output prefix a rendition could replace an image in {out}; choose another --out.")
    sources = list(find_sources(images, Exclusions(out, settings.output_prefix, exclude or ())))
    if not sources:
        raise UsageError("There are no images in these folders.")
    if sheet:
        writable.need_file(sheet)
    writable.need_folder(out)
    done: list[Result] = []
    interrupted = _interrupted(resize_files(sources, out, settings), len(sources), done)
    if sheet:
        write_sheet(sheet, out, done)
        console.print(f"{sheet}: {count(len(done), 'image')} to look at", soft_wrap=True, highlight=False)
    tables.files_summary([result for _, result in done], out, console)
    if interrupted:
        error_console.print(f"Stopped: {len(done)} of {count(len(sources), 'file')} done.", highlight=False)
        raise typer.Exit(130)
    if any(tables.refusal(result) and not tables.is_excluded(result) for _, result in done):
        raise typer.Exit(1)


def _interrupted(results: Iterator[Result], total: int, done: list[Result]) -> bool:
    """Print each result and add it to `done`; True if Ctrl-C stopped it before the last."""
    from resizer.cli import tables  # noqa: PLC0415 # keeps --help quick

    quiet = not error_console.is_terminal
    try:
        for source, result in track(results, "Resizing", total, console=error_console, disable=quiet, transient=True):
            done.append((source, result))
            tables.file_line(source.path, result, console, error_console)
    except KeyboardInterrupt:
        return True
    return False


@app.command()
def up(
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on; 0 takes any free one.")] = 9000,
    bucket: Annotated[
        str | None, typer.Option(help="Name of the bucket to create.", show_default="one of RESIZER_BUCKETS, or photos")
    ] = None,
    *,
    host: Host = "127.0.0.1",
    trigger: Annotated[
        bool,
        typer.Option("--trigger/--no-trigger", help="Resize uploads; without it, this is only a local S3."),
    ] = True,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Do not print the events of renditions.")] = False,
) -> None:
    """Run the service on this machine: a local S3, and the Lambda handler that resizes its uploads.

    Use it with any S3 client, such as `aws s3 cp cat.jpg s3://photos/`. It prints one line per event.
    Ctrl-C stops it and deletes everything.
    """
    from resizer.cli import tables  # noqa: PLC0415 # keeps --help quick
    from resizer.cli.settings import checked_settings, source_bucket  # noqa: PLC0415 # keeps --help quick

    settings = checked_settings(os.environ)
    bucket = source_bucket(settings, bucket)
    from resizer.local.event_log import print_lines  # noqa: PLC0415 # takes a second, so mistakes are reported first
    from resizer.local.service import local_service, storage_only  # noqa: PLC0415 # as above

    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    opened = (partial(local_service, ended=ended) if trigger else storage_only)(
        bucket, port, host=host, output_bucket=settings.output_bucket
    )
    with opened as service:
        print_lines(console, settings, quiet=quiet)
        tables.ready(console, service, settings, trigger=trigger)
        while not ended.wait(1):  # a signal that reaches another thread does not interrupt the wait
            pass
    tables.farewell(console, service)


@app.command()
def demo(
    photos: Annotated[list[Path] | None, typer.Argument(help="Photos to upload; by default, drawn samples.")] = None,
    save: Annotated[Path, typer.Option(help="Folder to save the renditions in.")] = Path("build/renditions"),
) -> None:
    """Show the whole service: start it, upload photos, wait, print the renditions, stop."""
    from resizer.cli import tables, writable  # noqa: PLC0415 # keeps --help quick
    from resizer.cli.settings import checked_settings  # noqa: PLC0415 # keeps --help quick
    from resizer.local.samples import samples  # noqa: PLC0415 # keeps --help quick

    settings = checked_settings(os.environ)
    images = {photo.name: _read(photo) for photo in photos} if photos else samples()
    if photos and len(images) < len(photos):
        raise UsageError("Two photos have the same name; run the command once for each.")
    writable.need_folder(save)
    from resizer.local.demo import demonstrate  # noqa: PLC0415 # takes a second, so mistakes are reported first
    from resizer.local.event_log import print_lines  # noqa: PLC0415 # as above

    print_lines(console, settings)
    shown = demonstrate(images, save, settings)
    tables.renditions(console, shown, save)
    if any(result["outcome"] != "resized" for result in shown.results[: len(images)]):
        raise typer.Exit(1)


app.command()(explain)
app.add_typer(config_command.app, name="config")
app.command()(cost)
app.command()(connect)


def _read(photo: Path) -> bytes:
    try:
        return photo.read_bytes()
    except OSError as problem:
        raise UsageError(f"{photo}: {problem.strerror}.") from problem
