"""The commands of `resizer`."""

from __future__ import annotations

import os
import signal
import threading
from functools import partial
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as version_of
from pathlib import Path  # typer reads annotations when it runs
from typing import Annotated

import typer
from rich.console import Console

from resizer.cli import config_command
from resizer.cli.command_line import HELP_OPTIONS
from resizer.cli.connect_command import connect
from resizer.cli.cost_command import cost
from resizer.cli.explain_command import explain
from resizer.cli.files_command import files
from resizer.errors import UsageError

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

Host = Annotated[
    str,
    typer.Option(help="IPv4 address to listen on, such as Docker's 172.17.0.1. Everyone who can reach it has access."),
]


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


app.command()(files)


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
    from resizer.cli import tables
    from resizer.cli.settings import bucket_to_create, checked_settings

    settings = checked_settings(os.environ)
    bucket = bucket_to_create(settings, bucket)
    from resizer.local.event_log import print_lines  # takes a second, so mistakes are reported first
    from resizer.local.service import local_service, storage_only

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
    from resizer.cli import tables, writable
    from resizer.cli.settings import checked_settings
    from resizer.local.samples import samples

    settings = checked_settings(os.environ)
    images = {photo.name: _read(photo) for photo in photos} if photos else samples()
    if photos and len(images) < len(photos):
        raise UsageError("Two photos have the same name; run the command once for each.")
    writable.need_folder(save)
    from resizer.local.demo import demonstrate  # takes a second, so mistakes are reported first
    from resizer.local.event_log import print_lines

    print_lines(console, settings)
    shown = demonstrate(images, save, settings)
    tables.renditions(console, shown, save)
    if any(
        result["outcome"] != "resized" and result["reason"] != "excluded" for result in shown.results[: len(images)]
    ):
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
