"""Runs a command line: after a mistake of the user it prints one line instead of a traceback."""

import math
import re
import sys

import typer
from rich.console import Console
from rich.markup import escape

from resizer.errors import ResizerError

HELP_OPTIONS = {"help_option_names": ["-h", "--help"]}


def amount(given: str | float) -> float:
    """Parse a number such as `10,000`, `1e6` or `2500`. Raises `typer.BadParameter` if it is not above 0."""
    text = str(given)
    try:
        number = float(text.replace(",", "") if re.fullmatch(r"\d{1,3}(,\d{3})+", text) else text)
    except ValueError:
        number = math.nan
    if not 0 < number < math.inf:
        raise typer.BadParameter(f"{text!r} is not a number above 0, such as 10,000 or 1e6.")
    return number


def run(app: typer.Typer, name: str) -> None:
    """Run a command line; a `ResizerError` becomes one line that begins with `name`, and exit code 2."""
    try:
        app()
    except ResizerError as problem:
        Console(stderr=True).print(f"[red]{name}:[/red] {escape(str(problem))}", soft_wrap=True, highlight=False)
        sys.exit(2)
