"""The measurements: one row for each picture and memory size, stored as JSON lines."""

import json
import statistics
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from resizer.errors import UsageError


class Kind(StrEnum):
    """How the figures of a row were found."""

    MEASURED = "measured"
    ESTIMATE = "estimate"  # computed from CPU time and memory at full speed
    LIVE = "live"  # on AWS


class Outcome(StrEnum):
    """What happened to a picture at a memory size."""

    RESIZED = "resized"
    NEEDS_MEMORY = "needs_memory"  # the memory plan rejected it before decoding
    OUT_OF_MEMORY = "out_of_memory"  # the process was killed
    TIMED_OUT = "timed_out"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Row:
    """One picture at one memory size. Times are in milliseconds, memory is in bytes.

    `cold_ms` is the first invocation without its initialisation (`init_ms`), `warm_ms` has the later ones, and `cpu_ms`
    is the fastest of those. `planned_bytes` is what the whole function needs by the memory plan.
    """

    picture: str
    memory_mb: int
    kind: Kind
    outcome: Outcome
    init_ms: float | None = None
    cold_ms: float | None = None
    warm_ms: list[float] = field(default_factory=list)
    billed_ms: list[int] = field(default_factory=list)
    cpu_ms: float | None = None
    peak_bytes: int | None = None
    planned_bytes: int | None = None
    source_bytes: int = 0
    detail: str = ""

    @property
    def resized(self) -> bool:
        """Whether the picture was resized."""
        return self.outcome is Outcome.RESIZED

    @property
    def typical_ms(self) -> float:
        """The median of the warm invocations, or the cold one if there are none."""
        return statistics.median(self.warm_ms) if self.warm_ms else self.cold_ms or 0.0

    @property
    def cold_start_ms(self) -> float:
        """The whole first invocation, with its initialisation."""
        return (self.init_ms or 0.0) + (self.cold_ms or self.typical_ms)


def write_rows(path: Path, about: dict[str, Any], rows: Iterable[Row]) -> None:
    """Write the conditions (`about`) as the first line, then one line for each row."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(line) + "\n" for line in (about, *map(asdict, rows))), encoding="utf-8")


def read_rows(path: Path) -> tuple[dict[str, Any], list[Row]]:
    """Read a file of `write_rows`: the conditions and the rows. Raises `UsageError` if the file holds anything else."""
    try:
        about, *lines = map(json.loads, path.read_text(encoding="utf-8").splitlines())
        rows = [Row(**{**line, "kind": Kind(line["kind"]), "outcome": Outcome(line["outcome"])}) for line in lines]
    except OSError as problem:
        raise UsageError(f"{path}: {problem.strerror}. Measure first, or name the file with --rows.") from problem
    except (ValueError, TypeError, KeyError) as problem:
        raise UsageError(f"{path} was not written by this version of `measure`; measure again: {problem}.") from problem
    else:
        return about, rows
