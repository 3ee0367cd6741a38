"""The contest as tables on a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table

from bench.peers.targets import MEMORY_OF_SHARP, TARGETS, blurrier_than, geometric_mean, memory_ratios, ratio
from bench.peers.worker import OURS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.console import Console

    from bench.peers.contest import Contender, Standing

MEGABYTE = 1e6


def print_standings(console: Console, standings: Sequence[Standing], entered: Sequence[Contender]) -> None:
    """One line per photo and contender, then the ratios, then memory and quality."""
    console.print(_photos(standings, entered))
    console.print(_ratios(standings, entered))
    for line in _verdicts(standings):
        console.print(line, highlight=False)
    for each in entered:
        if each.missing:
            console.print(f"[yellow]{each.title}[/yellow] did not take part: it needs {each.missing}.")


def _photos(standings: Sequence[Standing], entered: Sequence[Contender]) -> Table:
    table = Table("photo", "contender", "CPU ms", "median", "wall ms", "peak MB", "kB written", "worst PSNR dB")
    for column in table.columns[2:]:
        column.justify = "right"
    titles = {each.name: each.title for each in entered}
    shown = ""
    for each in standings:
        if each.photo != shown and shown:
            table.add_section()
        psnr = "" if each.psnr is None else f"{each.psnr:.1f}"
        cpu = (f"{each.cpu_ms:.1f}", f"{each.cpu_median_ms:.1f}", f"{each.wall_ms:.0f}")
        sizes = (f"{each.peak_bytes / MEGABYTE:.0f}", f"{each.written / 1000:.0f}")
        style = "bold" if each.contender == OURS else ""
        photo = each.photo if each.photo != shown else ""
        table.add_row(photo, titles[each.contender], *cpu, *sizes, psnr, style=style)
        shown = each.photo
    return table


def _ratios(standings: Sequence[Standing], entered: Sequence[Contender]) -> Table:
    table = Table("ours over", "mean", "of medians", "at most", "worst", "at most", "worst photo")
    targets = {each.contender: each for each in TARGETS}
    for each in entered:
        found = ratio(standings, each.name)
        if each.name == OURS or found is None:
            continue
        target = targets.get(each.name)
        mean = _judged(found.mean, target.mean if target else None)
        worst = _judged(found.worst, target.worst if target else None)
        limits = (f"{target.mean:.2f}", f"{target.worst:.2f}") if target else ("", "")
        table.add_row(each.title, mean, f"{found.median_mean:.2f}", limits[0], worst, limits[1], found.worst_photo)
    return table


def _judged(value: float, limit: float | None) -> str:
    style = "" if limit is None else ("[green]" if value <= limit else "[red]")
    return f"{style}{value:.2f}"


def _verdicts(standings: Sequence[Standing]) -> Iterator[str]:
    memory = {
        photo: value for photo, value in memory_ratios(standings, "sharp-three").items() if photo.endswith(".jpg")
    }
    if memory:
        worst = max(memory, key=lambda photo: memory[photo])
        yield (
            f"Peak memory over sharp's on JPEGs: mean {geometric_mean(list(memory.values())):.2f}, "
            f"worst {_judged(memory[worst], MEMORY_OF_SHARP)}[/] ({worst}); at most {MEMORY_OF_SHARP}."
        )
    for contender in ("sharp-three", "sharp-best"):
        blurry = blurrier_than(standings, contender)
        if any(each.contender == contender for each in standings):
            verdict = f"[red]lower on {', '.join(blurry)}[/]" if blurry else "[green]never lower[/]"
            yield f"Quality (worst PSNR of the widths) against {contender}: {verdict}."
