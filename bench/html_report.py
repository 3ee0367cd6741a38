"""The report as a single HTML page, without scripts or other files."""

import json
from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path
from typing import Any

from bench.choose import TIE_RULE, Candidate, Choice, Conditions
from bench.peers.comparison import PeerResult, contenders
from bench.peers.ratios import ratio
from bench.peers.table import RATIO_HEADER, ratio_cells
from bench.plots import cost_and_duration, cpu_of_peers
from bench.rows import Row
from bench.table import CANDIDATE_HEADER, ROW_HEADER, ROW_UNITS, candidate_cells, row_cells, summary
from resizer.cli.bill import Stack, whole_bill
from resizer.cli.cost_table import HEADER, bill_rows, cheapest_trigger

STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; color: #1d2329; max-width: 62rem; margin: 2rem auto; padding: 0 1rem }
table { border-collapse: collapse; margin: 1rem 0; font-variant-numeric: tabular-nums }
th, td { padding: .2rem .7rem; text-align: right; border-bottom: 1px solid #e3e6ea }
th:first-child, td:first-child { text-align: left }
tr.problem { color: #8a8f98 }
tr.best { font-weight: 600; background: #e9f5f0 }
svg { max-width: 100%; height: auto }
"""


def html_report(about: dict[str, Any], rows: Sequence[Row], choice: Choice, peers_file: Path) -> str:
    """The whole page. The section about peers is left out if `peers_file` does not exist."""
    kinds = " and ".join(sorted({f"{row.kind}s" if row.kind == "estimate" else str(row.kind) for row in rows}))
    parts = [
        "<!doctype html><html lang=en><meta charset=utf-8><title>Resizer: the price of each memory size</title>",
        f"<style>{STYLE}</style><h1>The price of each memory size</h1>",
        *(f"<p>{escape(line)}</p>" for line in summary(choice)),
        f"<p>All figures are {escape(kinds)}.</p>",
        cost_and_duration(choice.candidates, choice.chosen),
        _candidates(choice),
        f"<p>{escape(TIE_RULE)}</p>",
        *_bill(choice.chosen, choice.conditions),
        *_peers(peers_file),
        f"<h2>Each picture at each size</h2><p>{ROW_UNITS}</p>",
        _table(ROW_HEADER, (("" if row.resized else "problem", row_cells(row)) for row in rows)),
        f"<h2>Conditions</h2><pre>{escape(json.dumps(about, indent=2))}</pre>",
        "</html>",
    ]
    return "\n".join(parts) + "\n"


def _candidates(choice: Choice) -> str:
    chosen = choice.chosen
    styles = ("best" if each == chosen else "problem" if each.problem else "" for each in choice.candidates)
    cells = (candidate_cells(each, choice) for each in choice.candidates)
    return _table(CANDIDATE_HEADER, zip(styles, cells, strict=True))


def _bill(chosen: Candidate | None, conditions: Conditions) -> Iterable[str]:
    """Every line of the bill at the chosen size, with the default trigger."""
    if chosen is None:
        return
    images, free = conditions.images, conditions.free_tier
    lines = whole_bill(chosen.month, images, Stack(), conditions.prices, free_tier=free)
    yield f"<h2>The whole bill at {chosen.memory_mb} MB</h2>"
    *rows, total = bill_rows(lines, images)
    cells = [("", (*row, line.price.source)) for row, line in zip(rows, lines, strict=True)]
    yield _table((*HEADER, "source"), [*cells, ("best", (*total, ""))])
    yield f"<p>{escape(cheapest_trigger(images, Stack(), free_tier=free))}</p>"


def _peers(file: Path) -> Iterable[str]:
    if not file.is_file():
        return
    _, *lines = map(json.loads, file.read_text(encoding="utf-8").splitlines())
    results = [PeerResult(**line) for line in lines]
    entered = contenders()
    ratios = ((each.title, ratio(results, each.name)) for each in entered[1:])
    yield "<h2>Compared with other libraries</h2>"
    yield cpu_of_peers(results, entered)
    yield _table(RATIO_HEADER, (("", ratio_cells(title, found)) for title, found in ratios if found))


def _table(header: Iterable[str], rows: Iterable[tuple[str, Iterable[str]]]) -> str:
    head = "".join(f"<th>{escape(name)}</th>" for name in header)
    body = "".join(
        f'<tr class="{style}">' + "".join(f"<td>{escape(cell)}</td>" for cell in cells) + "</tr>\n"
        for style, cells in rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
