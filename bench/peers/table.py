"""Prints the comparison with other libraries as tables."""

from collections.abc import Iterator, Sequence
from typing import Final

from rich.console import Console
from rich.table import Table

from bench.peers.comparison import Contender, PeerResult
from bench.peers.ratios import (
    MAX_MEMORY_RATIO,
    Ratio,
    geometric_mean,
    lower_quality_photos,
    memory_ratios,
    pairs,
    ratio,
)
from bench.peers.worker import OURS

RATIO_HEADER: Final = (
    "CPU of Resizer divided by",
    "mean",
    "target",
    "worst",
    "target",
    "worst photo",
    "mean of medians",
)


def print_results(console: Console, results: Sequence[PeerResult], entered: Sequence[Contender]) -> None:
    """Print every result, the CPU ratios, memory and quality, and which contenders are missing."""
    console.print(_photos(results, entered))
    console.print(_ratios(results, entered))
    for line in _memory_and_quality(results):
        console.print(line, highlight=False)
    for each in entered:
        if each.missing:
            console.print(f"[yellow]{each.title}[/yellow] was not measured: install {each.missing}.")


def ratio_cells(title: str, found: Ratio) -> tuple[str, ...]:
    """A ratio under `RATIO_HEADER`."""
    targets = (f"{found.target.mean:.2f}", f"{found.target.worst:.2f}") if found.target else ("", "")
    worst = (f"{found.worst:.2f}", targets[1], found.worst_photo)
    return (title, f"{found.mean:.2f}", targets[0], *worst, f"{found.median_mean:.2f}")


def _photos(results: Sequence[PeerResult], entered: Sequence[Contender]) -> Table:
    table = Table("photo", "contender", "CPU ms", "median", "wall ms", "peak MB", "kB written", "worst PSNR dB")
    for column in table.columns[2:]:
        column.justify = "right"
    titles = {each.name: each.title for each in entered}
    previous = ""
    for each in results:
        if each.photo != previous and previous:
            table.add_section()
        psnr = "" if each.psnr is None else f"{each.psnr:.1f}"
        cpu = (f"{each.cpu_ms:.1f}", f"{each.cpu_median_ms:.1f}", f"{each.wall_ms:.0f}")
        sizes = (f"{each.peak_bytes / 1e6:.0f}", f"{each.written / 1000:.0f}")
        style = "bold" if each.contender == OURS else ""
        photo = each.photo if each.photo != previous else ""
        table.add_row(photo, titles[each.contender], *cpu, *sizes, psnr, style=style)
        previous = each.photo
    return table


def _ratios(results: Sequence[PeerResult], entered: Sequence[Contender]) -> Table:
    table = Table(*RATIO_HEADER, caption="red: above the target")
    for each in entered:
        found = ratio(results, each.name)
        if found and each.name != OURS:
            table.add_row(*ratio_cells(each.title, found), style="" if found.meets_target else "red")
    return table


def _memory_and_quality(results: Sequence[PeerResult]) -> Iterator[str]:
    memory = {photo: value for photo, value in memory_ratios(results, "sharp-three").items() if photo.endswith(".jpg")}
    if memory:
        photo, worst = max(memory.items(), key=lambda item: item[1])
        style = "green" if worst <= MAX_MEMORY_RATIO else "red"
        yield (
            f"Peak memory on JPEGs divided by sharp's: mean {geometric_mean(list(memory.values())):.2f}, "
            f"worst [{style}]{worst:.2f}[/] ({photo}); target {MAX_MEMORY_RATIO}."
        )
    for peer in ("sharp-three", "sharp-best"):
        if pairs(results, peer):
            lower = lower_quality_photos(results, peer)
            verdict = f"[red]lower on {', '.join(lower)}[/]" if lower else "[green]never lower[/]"
            yield f"Quality (lowest PSNR of the widths) compared with {peer}: {verdict}."
