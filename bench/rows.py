"""What was measured, one row per picture and memory size, kept as JSON lines."""

from __future__ import annotations

import json
import statistics
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from resizer.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


class Kind(StrEnum):
    """Where a figure comes from."""

    MEASURED = "measured"
    ESTIMATE = "estimate"  # computed from CPU time and memory at full speed
    LIVE = "live"  # on AWS


class Ending(StrEnum):
    """How a picture ended at a memory size."""

    RESIZED = "resized"
    REFUSED = "needs_memory"  # by the function's own plan, before decoding
    KILLED = "out_of_memory"
    TIMED_OUT = "timed_out"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Row:
    """One picture at one memory size. Times in milliseconds, memory in bytes.

    `cold_ms` is the handler's time in a new environment, after `init_ms`; `warm_ms` are the later ones. `planned_bytes`
    is what the memory plan says that the whole function needs for it, `cpu_ms` the least of the warm ones.
    """

    picture: str
    memory_mb: int
    kind: Kind
    ending: Ending
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
    def done(self) -> bool:
        """Whether renditions were made."""
        return self.ending is Ending.RESIZED

    @property
    def ms(self) -> float:
        """The ordinary duration: the median of the warm invocations, or of the cold one where there is no other."""
        return statistics.median(self.warm_ms) if self.warm_ms else self.cold_ms or 0.0


def write_rows(path: Path, about: dict[str, Any], rows: Iterable[Row]) -> None:
    """The first line tells of machine and conditions, each further one is a row."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(line) + "\n" for line in (about, *map(asdict, rows))), encoding="utf-8")


def read_rows(path: Path) -> tuple[dict[str, Any], list[Row]]:
    """What `write_rows` wrote. Raises `UsageError` where that is not what the file holds."""
    try:
        about, *lines = map(json.loads, path.read_text(encoding="utf-8").splitlines())
        return about, [Row(**{**line, "kind": Kind(line["kind"]), "ending": Ending(line["ending"])}) for line in lines]
    except OSError as problem:
        raise UsageError(f"{path}: {problem.strerror}; measure first, and name the rows with --rows.") from problem
    except (ValueError, TypeError, KeyError) as problem:
        raise UsageError(f"{path} holds no rows as `measure` writes them: {problem}.") from problem
