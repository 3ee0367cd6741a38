"""Writes a contact sheet: a page with originals next to their renditions."""

from __future__ import annotations

import os
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from jinja2 import Environment

from resizer.cli.lines import count, size
from resizer.cli.tables import is_excluded, refusal
from resizer.report import Report

if TYPE_CHECKING:
    from resizer.cli.files import Result
    from resizer.cli.sources import LocalSource
    from resizer.errors import UsageError


def write_sheet(sheet: Path, out: Path, results: Sequence[Result]) -> None:
    """Write a page that shows each image and its renditions below `out`, with sizes and any refusal's reason."""
    template = files("resizer.cli").joinpath("sheet.html.j2").read_text(encoding="utf-8")
    entries = [_entry(sheet.resolve().parent, out, *result) for result in results]
    page = Environment(autoescape=True).from_string(template)
    excluded = sum(entry["excluded"] for entry in entries)
    refused = sum(entry["refusal"] is not None for entry in entries) - excluded
    sums = f"{count(len(entries), 'image')}, {excluded} excluded, {refused} refused"
    sheet.write_text(page.render(entries=entries, sums=sums), encoding="utf-8")


def _entry(folder: Path, out: Path, source: LocalSource, result: Report | UsageError) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "name": source.key,
        "link": _link(folder, source.path),
        "refusal": refusal(result),
        "excluded": is_excluded(result),
    }
    if isinstance(result, Report):
        header = result.header
        entry["size"] = header and _size(header.format, header.upright_size, result.bytes_in)
        entry["warnings"] = result.warnings
        entry["renditions"] = [
            {
                "key": each.plan.key,
                "name": "" if each.plan.spec.name == str(each.plan.size[0]) else f"{each.plan.spec.name}, ",
                "link": _link(folder, out / each.plan.key),
                "size": _size(each.plan.format, each.plan.size, each.size),
            }
            for each in result.renditions
        ]
    return entry


def _size(format_: str, pixels: tuple[int, int], number: int) -> str:
    return f"{format_} {pixels[0]} x {pixels[1]}, {size(number)}"


def _link(folder: Path, target: Path) -> str:
    return quote(os.fsencode(os.path.relpath(target.resolve(), folder)))
