"""Compares the planned and the measured memory of an image."""

import json
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from rich.table import Table

from resizer.settings.rules import DEFAULT_WIDTHS

SLACK_MB: Final = 15


@dataclass(frozen=True, slots=True)
class Comparison:
    """One image: the plan and the measured peak of the whole process in MB, and the outcome."""

    name: str
    planned: float
    measured: float
    outcome: str

    @property
    def holds(self) -> bool:
        """Whether the plan is not below the peak, and at most 1.5 times the peak plus 15 MB."""
        return self.measured <= self.planned <= 1.5 * self.measured + SLACK_MB


def compare(path: Path, widths: tuple[int, ...] = DEFAULT_WIDTHS, formats: tuple[str, ...] = ("source",)) -> Comparison:
    """Resize one image in a new process, and compare its plan with its peak."""
    options = [str(path), ",".join(map(str, widths)), ",".join(formats)]
    command = [sys.executable, "-m", "bench.memory.peak", *options]
    process = subprocess.run(command, capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2])
    suffix = "" if widths == DEFAULT_WIDTHS else f" at {options[1]}"
    return Comparison(path.name + suffix, **json.loads(process.stdout))


def table(comparisons: Iterable[Comparison]) -> Table:
    """A table of all plans and peaks; red where the plan does not hold."""
    rows = Table("image", "plan MB", "peak MB", "plan / peak", "outcome")
    for each in comparisons:
        style = None if each.holds else "red"
        ratio = f"{each.planned / each.measured:.2f}"
        rows.add_row(each.name, f"{each.planned:.0f}", f"{each.measured:.0f}", ratio, each.outcome, style=style)
    return rows
