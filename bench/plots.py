"""Plots as SVG: price and duration by memory size, and the CPU time of each contender."""

import io
from collections.abc import Sequence
from typing import Any, Final

import matplotlib as mpl
from matplotlib.figure import Figure

from bench.choose import Candidate
from bench.peers.comparison import Contender, PeerResult

mpl.use("svg")
from matplotlib import pyplot as plt
from matplotlib.ticker import ScalarFormatter

from bench.peers.ratios import geometric_mean
from bench.peers.worker import OURS

PRICE: Final = "#0b6e4f"
TIME: Final = "#c1440e"
RESIZER: Final = "#0b6e4f"
OTHERS: Final = "#8a8f98"
mpl.rcParams.update({"svg.hashsalt": "resizer", "font.size": 10, "axes.spines.top": False, "figure.dpi": 100})


def cost_and_duration(found: Sequence[Candidate], chosen: Candidate | None) -> str:
    """Dollars per million images and mean milliseconds by memory size. Sizes with a problem are hollow."""
    figure, left = plt.subplots(figsize=(8, 4.2), layout="constrained")
    right = left.twinx()
    sizes = [each.memory_mb for each in found]
    _line(left, sizes, [each.lambda_dollars_per_million for each in found], found, PRICE)
    _line(right, sizes, [each.mean_ms for each in found], found, TIME)
    left.set_xscale("log", base=2)
    left.set_xticks(sizes, [str(size) for size in sizes])
    left.minorticks_off()
    left.set_xlabel("memory size, MB (hollow: cannot resize every picture)")
    left.set_ylabel("Lambda, $ per million images", color=PRICE)
    right.set_ylabel("mean duration, ms", color=TIME)
    right.set_yscale("log")
    right.yaxis.set_major_formatter(ScalarFormatter())
    right.yaxis.set_minor_formatter(ScalarFormatter())
    left.set_ylim(bottom=0)
    if chosen:
        left.axvline(chosen.memory_mb, color=PRICE, linestyle=":", linewidth=1)
        left.annotate(
            f"{chosen.memory_mb} MB: ${chosen.lambda_dollars_per_million:.2f}, {chosen.mean_ms:.0f} ms",
            (chosen.memory_mb, chosen.lambda_dollars_per_million),
            xytext=(8, -18),
            textcoords="offset points",
            color=PRICE,
            weight="bold",
        )
    return _svg(figure)


def cpu_of_peers(results: Sequence[PeerResult], entered: Sequence[Contender]) -> str:
    """CPU time of each contender divided by Resizer's: a tick for each photo, and the geometric mean as a bar."""
    ours = {each.photo: each.cpu_ms for each in results if each.contender == OURS}
    rows = [
        (each.title, [one.cpu_ms / ours[one.photo] for one in results if one.contender == each.name])
        for each in entered
    ]
    rows = sorted((row for row in rows if row[1]), key=lambda row: geometric_mean(row[1]), reverse=True)
    figure, axes = plt.subplots(figsize=(8, 0.5 * len(rows) + 1), layout="constrained")
    for height, (title, ratios) in enumerate(rows):
        mean = geometric_mean(ratios)
        axes.barh(height, mean, color=RESIZER if title == "Resizer" else OTHERS, height=0.6)
        axes.plot(ratios, [height] * len(ratios), "|", color="black", alpha=0.5, markersize=9)
        axes.annotate(f"{mean:.2f}", (max(ratios), height), xytext=(6, 0), textcoords="offset points", va="center")
    axes.set_yticks(range(len(rows)), [title for title, _ in rows])
    axes.set_xscale("log", base=2)
    axes.xaxis.set_major_formatter(ScalarFormatter())
    axes.set_xlabel("CPU time divided by Resizer's: mean, and each photo (lower is better)")
    return _svg(figure)


def _line(axes: Any, sizes: Sequence[int], values: Sequence[float], found: Sequence[Candidate], color: str) -> None:
    axes.plot(sizes, values, color=color, linewidth=1.5, zorder=1)
    faces = ["white" if each.problem else color for each in found]
    axes.scatter(sizes, values, c=faces, edgecolors=color, s=40, zorder=2)


def _svg(figure: Figure) -> str:
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", metadata={"Date": None})
    plt.close(figure)
    text = buffer.getvalue()
    return text[text.index("<svg") :]
