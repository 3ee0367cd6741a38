"""`python -m bench.memory`: compares the memory plan with the measured peak of each image."""

from pathlib import Path  # typer reads annotations when it runs
from tempfile import TemporaryDirectory
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import track

from bench.memory.comparison import compare, table
from bench.memory.drawn import WIDE_KINDS, WIDE_WIDTHS, drawn_images, drawn_noise
from resizer.cli.command_line import HELP_OPTIONS, run
from resizer.cli.settings import local_settings

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, context_settings=HELP_OPTIONS)


@app.command()
def main(
    images: Annotated[
        list[Path] | None,
        typer.Argument(exists=True, dir_okay=False, help="Your own images. Default: images of every format are drawn."),
    ] = None,
    widths: Annotated[str | None, typer.Option(help="Widths of the renditions in pixels, separated by commas.")] = None,
) -> None:
    """Compare the memory plan with the measured peak of the whole process. Each image gets a new process.

    S3 is so slow that as many renditions as possible wait in memory. Exit code 1 if a plan is below the peak, or more
    than 1.5 times the peak plus 15 MB. Drawing and measuring 150 images takes some minutes.
    """
    wanted = tuple(spec.width for spec in local_settings(widths).defaults.renditions if spec.width)
    cases = [(path.resolve(), wanted) for path in images or ()]
    with TemporaryDirectory() as name:
        folder = Path(name)
        if not cases:
            cases += [(path, wanted) for path in drawn_images(folder)]
            cases += [(drawn_noise(kind, 4000, 3000, folder), WIDE_WIDTHS) for kind in WIDE_KINDS]
        comparisons = [compare(*each) for each in track(cases, "Measuring", console=Console(stderr=True))]
    Console().print(table(comparisons))
    raise typer.Exit(0 if all(each.holds for each in comparisons) else 1)


if __name__ == "__main__":
    run(app, "bench.memory")
