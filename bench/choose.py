"""Computes the price and duration of each memory size, and chooses the best. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from bench.rows import Outcome, Row
from bench.sizes import MB
from resizer.cli.cost import Cost, Usage, month_cost
from resizer.cli.prices import Architecture, Prices

MILLION: Final = 1e6
# Sizes this close count as equal. Two runs on one day differed by up to 8 % at 1024 MB, and found different sizes the
# cheapest.
TOLERANCE: Final = 0.05
TIE_RULE: Final = f"Sizes within {TOLERANCE:.0%} of the best count as equal, because measurements differ by that much."
MAX_TIMEOUT_SHARE: Final = 0.5  # a cold start may take half of the time-out


class Strategy(StrEnum):
    """What "best" means."""

    CHEAPEST = "cheapest"
    FASTEST = "fastest"
    BALANCED = "balanced"


BEST: Final = {  # what `best` chooses, in words
    Strategy.CHEAPEST: f"Within {TOLERANCE:.0%} of the cheapest, the fastest",
    Strategy.FASTEST: f"Within {TOLERANCE:.0%} of the fastest, the cheapest",
    Strategy.BALANCED: f"Within {TOLERANCE:.0%} of the best balance, the fastest",
}


@dataclass(frozen=True, slots=True)
class Conditions:
    """A month of `images`: `mix` weighs pictures by name, and `cold_share` of the images meet a cold start.

    Each image gets `renditions`.
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
    """A memory size, or with `large_mb` a pair of sizes: the cost of a month with `images`, and the mean duration.

    `slowest_ms` is the slowest cold start. `problem` says why the size cannot be chosen.
    """

    memory_mb: int
    large_mb: int | None
    month: Cost
    images: float
    mean_ms: float
    slowest_ms: float
    problem: str | None

    @property
    def dollars(self) -> float:
        """Lambda and S3 for the month."""
        return self.month.total

    @property
    def lambda_dollars(self) -> float:
        """Lambda for the month."""
        return self.month.lambda_dollars

    @property
    def dollars_per_million(self) -> float:
        """Lambda and S3 for a million images."""
        return self.dollars / self.images * MILLION

    @property
    def lambda_dollars_per_million(self) -> float:
        """Lambda for a million images."""
        return self.lambda_dollars / self.images * MILLION


@dataclass(frozen=True, slots=True)
class Choice:
    """Every candidate, and how to choose among them."""

    candidates: Sequence[Candidate]
    pairs: Sequence[Candidate]
    conditions: Conditions
    strategy: Strategy

    @property
    def chosen(self) -> Candidate | None:
        """The best single size by the strategy; None if no size can be chosen."""
        return best(self.candidates, self.strategy)


def choose(rows: Sequence[Row], conditions: Conditions, strategy: Strategy) -> Choice:
    """Price each size and each pair of sizes."""
    return Choice(candidates(rows, conditions), pairs(rows, conditions), conditions, strategy)


def candidates(rows: Sequence[Row], conditions: Conditions) -> list[Candidate]:
    """Each memory size for the whole mix, smallest first."""
    return [_candidate(size, None, rows, conditions) for size in sorted({row.memory_mb for row in rows})]


def pairs(rows: Sequence[Row], conditions: Conditions) -> list[Candidate]:
    """Each size paired with each larger one, which gets the pictures that do not fit the smaller one."""
    sizes = sorted({row.memory_mb for row in rows})
    return [_candidate(small, large, rows, conditions) for small in sizes for large in sizes if small < large]


def lowest(found: Sequence[Candidate], strategy: Strategy) -> Candidate | None:
    """The candidate with the lowest score, without any tolerance. None if none can be chosen."""
    possible = [each for each in found if each.problem is None]
    return min(possible, key=lambda each: _score(each, strategy, possible), default=None)


def best(found: Sequence[Candidate], strategy: Strategy) -> Candidate | None:
    """The candidate to choose, by `BEST`. None if none can be chosen."""
    possible = [each for each in found if each.problem is None]
    winner = lowest(found, strategy)
    if winner is None:
        return None
    limit = _score(winner, strategy, possible) * (1 + TOLERANCE)
    tied = [each for each in possible if _score(each, strategy, possible) <= limit]
    if strategy is Strategy.FASTEST:
        return min(tied, key=lambda each: (each.dollars, each.memory_mb))
    return min(tied, key=lambda each: (each.mean_ms, each.memory_mb))


def is_cheaper(pair: Candidate, single: Candidate) -> bool:
    """Whether a pair saves more than the tolerance. If not, one function is simpler."""
    return pair.lambda_dollars < single.lambda_dollars * (1 - TOLERANCE)


def _score(candidate: Candidate, strategy: Strategy, possible: Sequence[Candidate]) -> float:
    """Lower is better. `balanced` multiplies price and time. S3 costs the same at every size, so it is left out."""
    if strategy is Strategy.CHEAPEST:
        return candidate.lambda_dollars
    if strategy is Strategy.FASTEST:
        return candidate.mean_ms
    cheapest, fastest = min(each.lambda_dollars for each in possible), min(each.mean_ms for each in possible)
    return (candidate.lambda_dollars / (cheapest or 1)) * (candidate.mean_ms / fastest)


def _candidate(small: int, large: int | None, rows: Sequence[Row], conditions: Conditions) -> Candidate:
    table = {(row.memory_mb, row.picture): row for row in rows}
    total = sum(conditions.mix.values())
    usages: list[Usage] = []
    mean = slowest = 0.0
    problem = None
    for picture, weight in conditions.mix.items():
        invocations, why = _invocations(table, picture, small, large, conditions)
        problem = problem or why
        usages += [_usage(row, conditions.images * weight / total, conditions) for row in invocations]
        mean += sum(row.typical_ms for row in invocations) * weight / total
        slowest = max([slowest, *(row.cold_start_ms for row in invocations)])
    month = month_cost(usages, conditions.prices, free_tier=conditions.free_tier)
    return Candidate(small, large, month, conditions.images, mean, slowest, problem)


def _invocations(
    table: Mapping[tuple[int, str], Row], picture: str, small: int, large: int | None, conditions: Conditions
) -> tuple[list[Row], str | None]:
    """The invocations of one picture, and the problem if there is one.

    With a pair there are two if the small function rejects the picture: its own, and that of the large one.
    """
    first = table.get((small, picture))
    if first is None:
        return [], f"{picture} was not measured at {small} MB"
    problem = problem_with(first, conditions.timeout_seconds)
    if problem is None or large is None or first.outcome not in {Outcome.RESIZED, Outcome.NEEDS_MEMORY}:
        return [first], problem  # a picture that kills the small function is not forwarded
    second = table.get((large, picture))
    if second is None:
        return [first], f"{picture} was not measured at {large} MB"
    return [first, second], problem_with(second, conditions.timeout_seconds)


def problem_with(row: Row, timeout_seconds: float) -> str | None:
    """Why a picture rules out this memory size; None if it does not."""
    if not row.resized:
        return f"{row.picture}: {row.detail or row.outcome}"
    if row.planned_bytes and row.planned_bytes > row.memory_mb * MB:
        return f"{row.picture} may need {row.planned_bytes / MB:.0f} MB by the memory plan"
    if row.cold_start_ms > timeout_seconds * 1000 * MAX_TIMEOUT_SHARE:
        return f"{row.picture} takes {row.cold_start_ms / 1000:.0f} s of the time-out of {timeout_seconds:.0f} s"
    return None


def _usage(row: Row, images: float, conditions: Conditions) -> Usage:
    """A cold start is billed for its initialisation, and for what its first picture takes longer."""
    return Usage(
        images,
        row.memory_mb,
        row.typical_ms,
        init_ms=max(0.0, row.cold_start_ms - row.typical_ms),
        cold_share=conditions.cold_share,
        renditions=conditions.renditions if row.resized else 0,
        reads=2 if row.resized else 1,  # a rejected picture is downloaded, but not checked after writing
        architecture=conditions.architecture,
    )
