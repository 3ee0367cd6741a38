"""Prints the handler's structured log as one readable line per event."""

import logging
from typing import Any

from rich.console import Console
from rich.markup import escape

from resizer.cli.lines import event_line
from resizer.errors import Reason
from resizer.local.service import load_handler
from resizer.model import KEPT
from resizer.settings import Settings


class EventLines(logging.Handler):
    """Prints the outcome of each object, and other log records from level WARNING up.

    With `quiet`, events of renditions are not printed.
    """

    def __init__(self, console: Console, settings: Settings, *, quiet: bool = False) -> None:
        super().__init__()
        self._quiet = quiet
        self._console = console
        self._settings = settings

    def emit(self, record: logging.LogRecord) -> None:
        """Print one record."""
        fields = vars(record)
        if self._quiet and fields.get("reason") in {Reason.OUTPUT_PREFIX, Reason.OUTPUT_BUCKET}:
            return
        if "outcome" in fields:
            self._console.print(event_line(fields, self._formats(fields)), soft_wrap=True, highlight=False)
        elif record.levelno >= logging.WARNING:
            self._console.print(escape(record.getMessage()), soft_wrap=True, highlight=False)

    def _formats(self, fields: dict[str, Any]) -> list[str]:
        """The formats of a source's renditions, from the settings: the log does not contain them."""
        source = fields["format"] if fields["format"] in KEPT else "JPEG or PNG"
        names = [name for spec in self._settings.rule_for(fields["key"]).renditions for name in spec.formats]
        return list(dict.fromkeys(source if name == "source" else name.upper() for name in names))


def print_lines(console: Console, settings: Settings, *, quiet: bool = False) -> None:
    """Print the handler's log as lines instead of JSON from now on."""
    load_handler()
    logger = logging.getLogger("resizer")
    for handler in logger.handlers:
        handler.setLevel(logging.CRITICAL + 1)  # Powertools needs its own handler to stay
    logger.addHandler(EventLines(console, settings, quiet=quiet))
