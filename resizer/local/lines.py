"""The handler's structured log as one readable line per event."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Final

from rich.filesize import decimal
from rich.markup import escape

from resizer.local.service import load_handler

if TYPE_CHECKING:
    from rich.console import Console

STYLES: Final = {"resized": "green", "removed": "green", "skipped": "dim", "rejected": "yellow", "failed": "red"}


class EventLines(logging.Handler):
    """Prints log records that tell of an object; the rest of the log only from warnings up."""

    def __init__(self, console: Console) -> None:
        super().__init__()
        self._console = console

    def emit(self, record: logging.LogRecord) -> None:
        """Print one record."""
        fields = vars(record)
        if "outcome" in fields:
            self._console.print(event_line(fields), soft_wrap=True, highlight=False)
        elif record.levelno >= logging.WARNING:
            self._console.print(escape(record.getMessage()), soft_wrap=True, highlight=False)


def event_line(fields: dict[str, Any]) -> str:
    """Key, outcome, sizes, bytes in and out, and milliseconds of one log record, with rich's markup."""
    outcome = fields["outcome"]
    style = STYLES[outcome]
    parts = [f"[{style}]{outcome:<8}[/{style}]", escape(fields["key"])]
    if fields["width"]:
        parts.append(f"{fields['format']} {fields['width']}x{fields['height']}")
    if fields["rendition_sizes"]:
        parts.append("→ " + " ".join(fields["rendition_sizes"]))
        parts.append(f"{decimal(fields['source_bytes'])} → {decimal(fields['rendition_bytes'])}")
    if fields["reason"]:
        parts.append(fields["reason"])
    if fields["detail"] and outcome in {"rejected", "failed"}:
        parts.append(escape(fields["detail"]))
    parts.append(f"{fields['total_ms']:.0f} ms")
    return "  ".join(parts)


def print_lines(console: Console) -> None:
    """From now on print the handler's log as lines instead of JSON."""
    load_handler()
    logger = logging.getLogger("resizer")
    for handler in logger.handlers:
        handler.setLevel(logging.CRITICAL + 1)  # Powertools needs its own handler to stay
    logger.addHandler(EventLines(console))
