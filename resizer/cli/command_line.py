"""What every command line here ends with: one readable line for a person's mistake, and none for Ctrl-C."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape

from resizer.errors import ResizerError

if TYPE_CHECKING:
    import typer

HELP_OPTIONS = {"help_option_names": ["-h", "--help"]}


def run(app: typer.Typer, name: str) -> None:
    """Run a command line; one of the project's own errors ends it with a line that begins with `name`, exit code 2."""
    try:
        app()
    except ResizerError as problem:
        Console(stderr=True).print(f"[red]{name}:[/red] {escape(str(problem))}", soft_wrap=True, highlight=False)
        sys.exit(2)
