"""What an image was planned to take beside what it took."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from rich.table import Table

from resizer.settings.rules import DEFAULT_WIDTHS

if TYPE_CHECKING:
    from collections.abc import Iterable

SLACK: Final = 15  # MB
WIDTHS: Final = DEFAULT_WIDTHS


@dataclass(frozen=True, slots=True)
class Comparison:
    """One image: the plan for it and the measured peak, of the whole process in MB."""

    name: str
    planned: float
    measured: float
    outcome: str

    @property
    def holds(self) -> bool:
        """Whether the plan is neither below the peak nor far above it."""
        return self.measured <= self.planned <= 1.5 * self.measured + SLACK


def compare(path: Path, widths: tuple[int, ...] = WIDTHS, formats: tuple[str, ...] = ("source",)) -> Comparison:
    """Resize one image in a fresh process and set the plan beside its peak."""
    options = [str(path), ",".join(map(str, widths)), ",".join(formats)]
    command = [sys.executable, "-m", "bench.memory.peak", *options]
    told = subprocess.run(command, capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2])
    asked = "" if widths == WIDTHS else f" at {options[1]}"
    return Comparison(path.name + asked, **json.loads(told.stdout))


def table(comparisons: Iterable[Comparison]) -> Table:
    """Plan and peak side by side, with what does not hold in red."""
    shown = Table("image", "plan MB", "peak MB", "plan / peak", "outcome")
    for each in comparisons:
        style = None if each.holds else "red"
        ratio = f"{each.planned / each.measured:.2f}"
        shown.add_row(each.name, f"{each.planned:.0f}", f"{each.measured:.0f}", ratio, each.outcome, style=style)
    return shown
