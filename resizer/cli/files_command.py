"""`resizer files`: resizes local files without AWS."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path  # typer reads annotations when it runs
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import track

from resizer.errors import UsageError

if TYPE_CHECKING:
    from resizer.cli.files import Result

console = Console()
error_console = Console(stderr=True)

Out = Annotated[Path | None, typer.Option("--out", help="Folder to write to; renditions are written to OUT/resized/.")]
Sheet = Annotated[Path | None, typer.Option(help="HTML page to write, with each original next to its renditions.")]
WIDTHS_HELP = "Widths in pixels, separated by commas, such as `320,1200`; replaces RESIZER_WIDTHS."
Widths = Annotated[str | None, typer.Option(help=WIDTHS_HELP, show_default="480,640,1000")]
Exclude = Annotated[
    list[str] | None,
    typer.Option(help="Name or path to skip in folders, such as `build` or `*.png`. You can repeat it."),
]
# A file that cannot be read is reported when it is processed, not by typer.
Images = Annotated[list[Path], typer.Argument(readable=False, help="Images to resize, or folders of images.")]


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
    from resizer.cli import tables, writable
    from resizer.cli.files import resize_files
    from resizer.cli.lines import count
    from resizer.cli.settings import local_settings
    from resizer.cli.sheet import write_sheet
    from resizer.cli.sources import Exclusions, find_sources

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
    from resizer.cli import tables

    quiet = not error_console.is_terminal
    try:
        for source, result in track(results, "Resizing", total, console=error_console, disable=quiet, transient=True):
            done.append((source, result))
            tables.file_line(source.path, result, console, error_console)
    except KeyboardInterrupt:
        return True
    return False
