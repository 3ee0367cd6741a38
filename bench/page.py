"""The report as one page that needs nothing else: no script, no network."""

from __future__ import annotations

import json
from html import escape
from typing import TYPE_CHECKING, Any

from bench.choose import TIE_RULE, Strategy, best
from bench.peers.contest import Standing, contenders
from bench.peers.targets import TARGETS, ratio
from bench.plots import cost_and_duration, peers
from bench.table import MB, marks, summary
from resizer.cli.bill import Stack, whole_bill
from resizer.cli.cost_table import HEADER, bill_rows, cheapest_trigger

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from bench.choose import Candidate, Conditions
    from bench.rows import Row

STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; color: #1d2329; max-width: 62rem; margin: 2rem auto; padding: 0 1rem }
table { border-collapse: collapse; margin: 1rem 0; font-variant-numeric: tabular-nums }
th, td { padding: .2rem .7rem; text-align: right; border-bottom: 1px solid #e3e6ea }
th:first-child, td:first-child, td.text { text-align: left }
tr.out { color: #8a8f98 }
tr.best { font-weight: 600; background: #e9f5f0 }
svg { max-width: 100%; height: auto }
small { color: #5b636c }
"""


def page(  # noqa: PLR0913, PLR0917 # everything that the page shows
    about: dict[str, Any],
    rows: Sequence[Row],
    found: Sequence[Candidate],
    pairs: Sequence[Candidate],
    conditions: Conditions,
    contest: Path,
    strategy: Strategy = Strategy.CHEAPEST,
) -> str:
    """The whole page; `contest` is the peers' file, which may be missing."""
    kinds = " and ".join(sorted({f"{row.kind}s" if row.kind == "estimate" else str(row.kind) for row in rows}))
    chosen = best(found, strategy)
    parts = [
        "<!doctype html><html lang=en><meta charset=utf-8><title>Resizer: what a memory size costs</title>",
        f"<style>{STYLE}</style><h1>What a memory size costs</h1>",
        *(f"<p>{escape(line)}</p>" for line in summary(found, pairs, conditions)),
        f"<p>All figures here are {escape(kinds)}.</p>",
        cost_and_duration(found, chosen),
        _candidates(found, strategy),
        f"<p>{escape(TIE_RULE)}</p>",
        *_bill(chosen, conditions),
        *_peers(contest),
        "<h2>Each picture at each size</h2>",
        _rows(rows),
        f"<h2>Conditions</h2><pre>{escape(json.dumps(about, indent=2))}</pre>",
        "</html>",
    ]
    return "\n".join(parts) + "\n"


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


def _candidates(found: Sequence[Candidate], strategy: Strategy) -> str:
    header = ("memory MB", "Lambda $ per million", "with S3", "mean ms", "slowest cold start, s", "")
    lines = (
        (
            "best" if each == best(found, strategy) else "out" if each.problem else "",
            (each.memory_mb, f"{each.lambda_dollars:.2f}", f"{each.dollars:.2f}", f"{each.ms:.0f}"),
            (f"{each.slowest_ms / 1000:.1f}", each.problem or marks(each, found, strategy)),
        )
        for each in found
    )
    return _table(header, ((style, (*figures, *rest)) for style, figures, rest in lines))


def _rows(rows: Sequence[Row]) -> str:
    header = ("picture", "MB", "kind", "init ms", "cold ms", "warm ms", "CPU ms", "peak MB", "plan MB", "")
    return _table(header, (("" if row.done else "out", _cells(row)) for row in rows))


def _cells(row: Row) -> tuple[object, ...]:
    times = (row.init_ms, row.cold_ms, row.ms if row.warm_ms else None, row.cpu_ms)
    memory = (each / MB if each else None for each in (row.peak_bytes, row.planned_bytes))
    figures = ("" if each is None else f"{each:.0f}" for each in (*times, *memory))
    return (row.picture, row.memory_mb, row.kind, *figures, row.detail)


def _peers(contest: Path) -> Iterable[str]:
    if not contest.is_file():
        return
    _, *lines = map(json.loads, contest.read_text(encoding="utf-8").splitlines())
    standings = [Standing(**line) for line in lines]
    yield "<h2>Beside the others</h2>"
    yield peers(standings, contenders())
    targets = {each.contender: each for each in TARGETS}
    header = ("Resizer's CPU over that of", "mean", "at most", "worst", "at most", "worst photo")
    yield _table(header, (("", _ratio(ratio(standings, each.name), each.title, targets)) for each in contenders()[1:]))


def _ratio(found: Any, title: str, targets: dict[str, Any]) -> tuple[object, ...]:
    if found is None:
        return (title, "did not take part", "", "", "", "")
    target = targets.get(found.contender)
    limits = (f"{target.mean:.2f}", f"{target.worst:.2f}") if target else ("", "")
    return (title, f"{found.mean:.2f}", limits[0], f"{found.worst:.2f}", limits[1], found.worst_photo)


def _table(header: Iterable[str], rows: Iterable[tuple[str, Iterable[object]]]) -> str:
    head = "".join(f"<th>{escape(name)}</th>" for name in header)
    body = "".join(
        f'<tr class="{style}">' + "".join(f"<td>{escape(str(cell))}</td>" for cell in cells) + "</tr>\n"
        for style, cells in rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
