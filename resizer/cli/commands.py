"""The commands of `resizer`."""

from __future__ import annotations

import os
import signal
import threading
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
    from collections.abc import Iterator

    from resizer.cli.files import Result

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    context_settings=HELP_OPTIONS,
    help="Renditions of the images that land in an S3 bucket: 480, 640 and 1000 pixels wide, under `resized/`.",
    epilog="Settings are read from RESIZER_* variables and from `resizer.toml`; the README lists them.",
)
DISTRIBUTION = "resizer-s3-lambda"
console = Console()
complaints = Console(stderr=True)

Out = Annotated[Path | None, typer.Option("--out", help="Folder to write to; the renditions go to OUT/resized/.")]
Sheet = Annotated[Path | None, typer.Option(help="Page to write that shows originals beside renditions.")]
WIDTHS_HELP = "Widths in pixels with commas between, such as `320,1200`; instead of RESIZER_WIDTHS."
Widths = Annotated[str | None, typer.Option(help=WIDTHS_HELP, show_default="480,640,1000")]
Host = Annotated[str, typer.Option(help="IPv4 address to listen on, such as Docker's 172.17.0.1. It has no password.")]
Exclude = Annotated[
    list[str] | None,
    typer.Option(help="Name or path to pass over in folders, such as `build` or `*.png`. Repeatable."),
]
# One that cannot be read is reported when its turn comes.
Images = Annotated[list[Path], typer.Argument(readable=False, help="Images to resize, or folders of images.")]


def _print_version(asked: bool) -> None:  # noqa: FBT001 # as typer calls it
    if asked:
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
    """Take what is said before a command."""


@app.command()
def files(
    images: Images,
    out: Out = None,
    widths: Widths = None,
    sheet: Sheet = None,
    exclude: Exclude = None,
) -> None:
    """Resize local files, with no AWS: the same pipeline, the same keys. It needs `--out` or `--sheet`.

    Example: `resizer files cat.jpg dog.png --out renditions` writes `renditions/resized/480-cat.jpg` and so on;
    `resizer files --sheet look.html *.jpg` shows them in a page, with the renditions in `look-renditions/`.

    A folder stands for the images in it and in its folders: `resizer files photos --out renditions` writes
    `renditions/resized/480-photos/cat.jpg` and so on. Passed over are names that begin with a dot, renditions of
    earlier runs (folders called `resized`), and what `--exclude` names.

    Exits with 1 where a file was refused, after all the others are done.
    """
    from resizer.cli import tables, writable  # noqa: PLC0415 # keeps --help quick
    from resizer.cli.files import resize_files  # noqa: PLC0415 # keeps --help quick
    from resizer.cli.lines import count  # noqa: PLC0415 # keeps --help quick
    from resizer.cli.settings import local_settings  # noqa: PLC0415 # keeps --help quick
    from resizer.cli.sheet import write_sheet  # noqa: PLC0415 # keeps --help quick
    from resizer.cli.sources import LeftOut, find_sources  # noqa: PLC0415 # keeps --help quick

    out = out or (sheet and sheet.parent / f"{sheet.stem}-renditions")
    if out is None:
        raise UsageError("Say where to write: --out FOLDER, or --sheet PAGE.html.")
    if sheet and sheet.suffix.lower() not in {".html", ".htm"}:  # `--sheet *.jpg` would replace the first image
        raise UsageError(f"--sheet {sheet}: the page's name must end in .html, such as look.html.")
    settings = local_settings(widths)
    if not settings.output_prefix and any(out.resolve() in (path, *path.parents) for path in map(Path.resolve, images)):
        raise UsageError(f"Without an output prefix a rendition could replace an image in {out}; choose another --out.")
    sources = list(find_sources(images, LeftOut(out, settings.output_prefix, exclude or ())))
    if not sources:
        raise UsageError("There is no image in the folders that were named.")
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
        complaints.print(f"Stopped: {len(done)} of {count(len(sources), 'file')} done.", highlight=False)
        raise typer.Exit(130)
    if any(tables.refusal(result) and not tables.is_excluded(result) for _, result in done):
        raise typer.Exit(1)


def _interrupted(results: Iterator[Result], total: int, done: list[Result]) -> bool:
    """Tell of each result and add it to `done`; whether Ctrl-C came before the last."""
    from resizer.cli import tables  # noqa: PLC0415 # keeps --help quick

    quiet = not complaints.is_terminal
    try:
        for source, result in track(results, "Resizing", total, console=complaints, disable=quiet, transient=True):
            done.append((source, result))
            tables.file_line(source.path, result, console, complaints)
    except KeyboardInterrupt:
        return True
    return False


@app.command()
def up(
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on; 0 takes any free one.")] = 9000,
    bucket: Annotated[str, typer.Option(help="The bucket to make.")] = "photos",
    *,
    host: Host = "127.0.0.1",
    trigger: Annotated[
        bool,
        typer.Option("--trigger/--no-trigger", help="Whether uploads are resized; without it this is an S3 alone."),
    ] = True,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Leave out the events of renditions.")] = False,
) -> None:
    """Run the service here: an embedded S3 whose uploads are resized by the Lambda handler.

    Any S3 client works against it, such as `aws s3 cp cat.jpg s3://photos/`. One line is printed per event.
    Ctrl-C stops it; nothing is kept.
    """
    from resizer.cli import tables  # noqa: PLC0415 # keeps --help quick
    from resizer.cli.settings import check_source_bucket, checked_settings  # noqa: PLC0415 # keeps --help quick
    from resizer.settings.environment import parse_bucket  # noqa: PLC0415 # keeps --help quick

    try:
        parse_bucket(bucket)
    except ValueError as mistake:
        raise UsageError(f"--bucket {bucket!r}: {mistake}.") from None
    settings = checked_settings(os.environ)
    check_source_bucket(bucket, settings)
    from resizer.local.event_log import print_lines  # noqa: PLC0415 # a second, and not for what is refused above
    from resizer.local.service import local_service, storage_alone  # noqa: PLC0415 # as above

    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    opened = (partial(local_service, ended=ended) if trigger else storage_alone)(
        bucket, port, host=host, output_bucket=settings.output_bucket
    )
    with opened as service:
        print_lines(console, settings, quiet=quiet)
        tables.ready(console, service, settings.output_prefix, trigger=trigger)
        ended.wait()
    tables.farewell(console, service)


@app.command()
def demo(
    photos: Annotated[list[Path] | None, typer.Argument(help="Photos to upload; drawn samples where left out.")] = None,
    save: Annotated[Path, typer.Option(help="Folder to save the renditions in.")] = Path("build/renditions"),
) -> None:
    """Show the whole service at work: start it, upload, wait, print the renditions, stop."""
    from resizer.cli import tables, writable  # noqa: PLC0415 # keeps --help quick
    from resizer.cli.settings import checked_settings  # noqa: PLC0415 # keeps --help quick
    from resizer.local.samples import samples  # noqa: PLC0415 # keeps --help quick

    settings = checked_settings(os.environ)
    images = {photo.name: _read(photo) for photo in photos} if photos else samples()
    if photos and len(images) < len(photos):
        raise UsageError("Two photos have the same name; show them one after the other.")
    writable.need_folder(save)
    from resizer.local.demo import demonstrate  # noqa: PLC0415 # a second, and not for what is refused above
    from resizer.local.event_log import print_lines  # noqa: PLC0415 # as above

    print_lines(console, settings)
    results = demonstrate(images, save, settings)
    tables.renditions(console, results, save)
    if any(result["outcome"] != "resized" for result in results[: len(images)]):
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
