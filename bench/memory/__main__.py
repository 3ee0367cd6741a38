"""`python -m bench.memory`: the plan for each image beside the peak that it was measured at."""

from __future__ import annotations

from pathlib import Path  # typer reads annotations when it runs
from tempfile import TemporaryDirectory
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import track

from bench.memory.comparison import compare, table
from bench.memory.drawn import WIDE, WIDE_VARIETIES, drawn_images, drawn_noise
from resizer.cli.command_line import HELP_OPTIONS, run
from resizer.cli.settings import local_settings

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, context_settings=HELP_OPTIONS)


@app.command()
def main(
    images: Annotated[
        list[Path] | None, typer.Argument(exists=True, dir_okay=False, help="Your own; without any, some are drawn.")
    ] = None,
    widths: Annotated[str | None, typer.Option(help="Widths of the renditions in pixels, by comma.")] = None,
) -> None:
    """Set the memory plan beside the measured peak of the whole process, for each image in a process of its own.

    S3 is so slow that as many renditions wait to be written as ever do. The plan must never be below the peak, and at
    most 1.5 times it and 15 MB above: exit 1 where it is not. Drawing and measuring 110 images takes some minutes.
    """
    wanted = tuple(spec.width for spec in local_settings(widths).defaults.renditions if spec.width)
    asked = [(path.resolve(), wanted) for path in images or ()]
    with TemporaryDirectory() as name:
        folder = Path(name)
        if not asked:
            asked += [(path, wanted) for path in drawn_images(folder)]
            asked += [(drawn_noise(variety, 4000, 3000, folder), WIDE) for variety in WIDE_VARIETIES]
        comparisons = [compare(*each) for each in track(asked, "Measuring", console=Console(stderr=True))]
    Console().print(table(comparisons))
    raise typer.Exit(0 if all(each.holds for each in comparisons) else 1)


if __name__ == "__main__":
    run(app, "bench.memory")
