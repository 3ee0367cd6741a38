"""From rows to a memory size: what each costs and takes for the mix, and which is best. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from bench.rows import Ending
from resizer.cli.cost import Cost, Usage, month_cost
from resizer.cli.prices import Architecture

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bench.rows import Row
    from resizer.cli.prices import Prices

MB: Final = 1_048_576
MILLION: Final = 1e6
# What differs by less than measurements do counts as equal: two runs of one day, some changes between them, were 8 %
# apart at 1024 MB, and took different sizes for the cheapest.
TIE: Final = 0.05
TIE_RULE: Final = (
    f"Chosen: sizes within {TIE:.0%} of the best count as equal, because measurements differ by that much. "
    "Of these the fastest is chosen; by the strategy `fastest`, the cheapest."
)
HEAD_ROOM: Final = 0.5  # a picture may take this part of the time-out at most, cold start and all


class Strategy(StrEnum):
    """What "best" means."""

    CHEAPEST = "cheapest"
    FASTEST = "fastest"
    BALANCED = "balanced"


@dataclass(frozen=True, slots=True)
class Conditions:
    """What a million images are like. `mix` weighs pictures by name; `cold_share` of them meet a cold start.

    Each gets so many `renditions`.
    """

    mix: Mapping[str, float]
    prices: Prices
    cold_share: float = 0.01
    timeout_seconds: float = 60.0
    architecture: Architecture = Architecture.X86_64
    free_tier: bool = False
    images: float = MILLION
    renditions: int = 3


@dataclass(frozen=True, slots=True)
class Candidate:
    """A memory size, or a pair where `large_mb` is there: a month of the mix's images, mean milliseconds.

    `slowest_ms` is the slowest picture in a new environment; `problem` says why it does not count, None where it does.
    """

    memory_mb: int
    large_mb: int | None
    month: Cost
    ms: float
    slowest_ms: float
    problem: str | None

    @property
    def dollars(self) -> float:
        """Lambda's and S3's part of the month's bill."""
        return self.month.total

    @property
    def lambda_dollars(self) -> float:
        """Lambda's part."""
        return self.month.lambda_dollars


def candidates(rows: Sequence[Row], conditions: Conditions) -> list[Candidate]:
    """Each memory size for the whole mix, smallest first."""
    return [_candidate(size, None, rows, conditions) for size in sorted({row.memory_mb for row in rows})]


def pairs(rows: Sequence[Row], conditions: Conditions) -> list[Candidate]:
    """Each small size with each larger one, which takes what does not fit the small one."""
    sizes = sorted({row.memory_mb for row in rows})
    return [_candidate(small, large, rows, conditions) for small in sizes for large in sizes if small < large]


def first(found: Sequence[Candidate], strategy: Strategy) -> Candidate | None:
    """The least by the figures alone, of those that count. None where nothing counts."""
    counting = [each for each in found if each.problem is None]
    return min(counting, key=lambda each: _score(each, strategy, counting), default=None)


def best(found: Sequence[Candidate], strategy: Strategy) -> Candidate | None:
    """What is chosen: by `TIE_RULE` the first, or one as good. None where nothing counts."""
    counting = [each for each in found if each.problem is None]
    least = first(found, strategy)
    if least is None:
        return None
    limit = _score(least, strategy, counting) * (1 + TIE)
    tied = [each for each in counting if _score(each, strategy, counting) <= limit]
    if strategy is Strategy.FASTEST:  # all of them are as fast, so the cheapest of them
        return min(tied, key=lambda each: (each.dollars, each.memory_mb))
    return min(tied, key=lambda each: (each.ms, each.memory_mb))


def cheaper(pair: Candidate, one: Candidate) -> bool:
    """Whether two tiers save more than measurements differ by; one function is simpler where they do not."""
    return pair.lambda_dollars < one.lambda_dollars * (1 - TIE)


def _score(candidate: Candidate, strategy: Strategy, among: Sequence[Candidate]) -> float:
    """Less is better; `balanced` weighs twice the price like twice the time. S3's part is the same everywhere."""
    if strategy is Strategy.CHEAPEST:
        return candidate.lambda_dollars
    if strategy is Strategy.FASTEST:
        return candidate.ms
    cheapest, fastest = min(each.lambda_dollars for each in among), min(each.ms for each in among)
    return (candidate.lambda_dollars / (cheapest or 1)) * (candidate.ms / fastest)


def _candidate(small: int, large: int | None, rows: Sequence[Row], conditions: Conditions) -> Candidate:
    table = {(row.memory_mb, row.picture): row for row in rows}
    total = sum(conditions.mix.values())
    usages: list[Usage] = []
    ms = slowest = 0.0
    problem = None
    for picture, weight in conditions.mix.items():
        steps, why = _steps(table, picture, small, large, conditions)
        problem = problem or why
        usages += [_usage(row, conditions.images * weight / total, conditions) for row in steps]
        ms += sum(row.ms for row in steps) * weight / total
        slowest = max([slowest, *(_cold(row) for row in steps)])
    month = month_cost(usages, conditions.prices, free_tier=conditions.free_tier)
    return Candidate(small, large, month, ms, slowest, problem)


def _steps(
    table: Mapping[tuple[int, str], Row], picture: str, small: int, large: int | None, conditions: Conditions
) -> tuple[list[Row], str | None]:
    """The invocations that a picture takes: one, or the small function's refusal and then the large one's work."""
    first = table.get((small, picture))
    if first is None:
        return [], f"{picture} was not measured at {small} MB"
    problem = unfit(first, conditions.timeout_seconds)
    if problem is None or large is None or first.ending not in {Ending.RESIZED, Ending.REFUSED}:
        return [first], problem  # only what the plan refuses is handed on; a kill is a kill
    second = table.get((large, picture))
    if second is None:
        return [first], f"{picture} was not measured at {large} MB"
    return [first, second], unfit(second, conditions.timeout_seconds)


def unfit(row: Row, timeout_seconds: float) -> str | None:
    """Why a memory size does not count for a picture; None where it does."""
    if not row.done:
        return f"{row.picture}: {row.detail or row.ending}"
    if row.planned_bytes and row.planned_bytes > row.memory_mb * MB:
        return f"{row.picture} may take {row.planned_bytes / MB:.0f} MB by the memory plan"
    if _cold(row) > timeout_seconds * 1000 * HEAD_ROOM:
        return f"{row.picture} takes {_cold(row) / 1000:.0f} s of {timeout_seconds:.0f}"
    return None


def _cold(row: Row) -> float:
    return (row.init_ms or 0.0) + (row.cold_ms or row.ms)


def _usage(row: Row, images: float, conditions: Conditions) -> Usage:
    """A cold start is billed its initialisation and what its first picture takes longer."""
    extra = max(0.0, _cold(row) - row.ms)
    return Usage(
        images,
        row.memory_mb,
        row.ms,
        init_ms=extra,
        cold_share=conditions.cold_share,
        renditions=conditions.renditions if row.done else 0,
        reads=2 if row.done else 1,  # what is refused has been fetched all the same
        architecture=conditions.architecture,
    )
