"""`resizer config`: checks the settings file, and prints its JSON Schema for editors."""

import os
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from resizer.cli.command_line import HELP_OPTIONS

app = typer.Typer(
    no_args_is_help=True, context_settings=HELP_OPTIONS, rich_markup_mode="markdown", help="Check `resizer.toml`."
)
console = Console()


@app.command()
def check(
    path: Annotated[Path | None, typer.Argument(metavar="[FILE]", help="The file; by default `resizer.toml`.")] = None,
) -> None:
    """Check the settings file together with the RESIZER_* variables, and print every mistake.

    The exit code is 2 if there is a mistake.

    Without a file it checks the variables.

    Example: `resizer config check`, or `resizer config check shop.toml`.
    """
    from resizer.cli.lines import count
    from resizer.cli.settings import checked_settings
    from resizer.settings import file

    path = path or file.find(os.environ)
    settings = checked_settings({**os.environ, file.VARIABLE: str(path or "")})
    text = f"{path}: {count(len(settings.rules), 'rule')}, {count(len(settings.watermarks), 'watermark')}, no mistake"
    if path is None:
        text = f"No {file.NAME} here; the RESIZER_* variables have no mistake"
    console.print(text, soft_wrap=True, highlight=False)


@app.command()
def schema() -> None:
    """Print the JSON Schema of the file, which editors use to complete and check it.

    Example: `resizer config schema > resizer.schema.json`, and `#:schema ./resizer.schema.json` on the file's first
    line.
    """
    from resizer.settings.check import SCHEMA

    print(SCHEMA.read_text(encoding="utf-8"), end="")  # noqa: T201 # for a file
