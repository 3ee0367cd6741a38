"""Formats the outcome of one source as a readable line."""

from collections.abc import Sequence
from posixpath import splitext
from typing import Any, Final

from rich.filesize import decimal
from rich.markup import escape

from resizer.formats import RENDITIONS

STYLES: Final = {"resized": "green", "removed": "green", "skipped": "dim", "rejected": "yellow", "failed": "red"}


def count(number: int, noun: str) -> str:
    """`1 image`, `2,000 images`."""
    return f"{number:,} {noun}{'s' * (number != 1)}"


def size(number: int) -> str:
    """`246 kB`, `30.0 kB`, `5.8 MB`: bytes by thousands, in two or three figures."""
    whole = decimal(number, precision=0)
    return whole if number < 1000 or len(whole.split()[0]) >= 3 else decimal(number)


def event_line(fields: dict[str, Any], formats: Sequence[str] = ()) -> str:
    """Format a log record with rich's markup: outcome, key, sizes (upright), bytes read and written, milliseconds.

    `formats` are the renditions' formats; they are printed if the key's extension means another type.
    """
    outcome = fields["outcome"]
    style = STYLES[outcome]
    parts = [f"[{style}]{outcome:<8}[/{style}]", escape(fields["key"])]
    if fields["width"]:
        parts.append(f"{fields['format']} {fields['width']}x{fields['height']}")
    if fields["rendition_sizes"] and outcome != "skipped":
        extensions = RENDITIONS[fields["format"]].extensions if fields["format"] in RENDITIONS else ()
        well_named = splitext(fields["key"])[1].lower() in extensions
        parts.append("→ " + _renditions(fields["rendition_sizes"], fields["format"] if well_named else "", formats))
        made = count(len(fields["rendition_sizes"]), "rendition")
        parts.append(f"{size(fields['source_bytes'])} read, {made} {size(fields['rendition_bytes'])}")
    if fields["reason"]:
        parts.append(fields["reason"])
    if fields["detail"] and outcome in {"rejected", "failed"}:
        parts.append(escape(fields["detail"]))
    parts.extend(map(escape, fields["warnings"]))
    parts.append(f"{fields['total_ms']:.0f} ms")
    return "  ".join(parts)


def _renditions(sizes: Sequence[str], source: str, formats: Sequence[str]) -> str:
    """The sizes; each only once if there are several formats."""
    text = " ".join(dict.fromkeys(sizes) if len(formats) > 1 else sizes)
    return text if set(formats) <= {source} else f"{text} as {', '.join(formats)}"
