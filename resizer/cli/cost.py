"""A month's cost of Lambda (requests, GB-seconds) and S3 (requests)."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

from resizer.cli.prices import Architecture, Price, Prices

MB_PER_GB = 1024


@dataclass(frozen=True, slots=True)
class Usage:
    """A month of images. Times are in milliseconds; for `cold_share` of the images, `init_ms` is billed, too.

    Each image costs `renditions` PUTs, and `reads`: the GET of the source, and the HEAD after writing.
    """

    images: float
    memory_mb: int
    ms: float
    init_ms: float = 0.0
    cold_share: float = 0.0
    renditions: int = 3
    reads: int = 2
    architecture: Architecture = Architecture.X86_64

    @property
    def billed_ms(self) -> float:
        """The average billed duration of an image: whole milliseconds, and its share of cold starts.

        AWS has billed initialisation for every kind of function since August 2025.
        """
        return ceil(self.ms) + self.cold_share * ceil(self.init_ms)

    @property
    def gb_seconds(self) -> float:
        """Billed duration times memory."""
        return self.images * self.billed_ms / 1000 * self.memory_mb / MB_PER_GB


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a month's bill: the number of units, and their price in dollars.

    `fixed` means that it does not depend on the number of images.
    """

    label: str
    units: float
    dollars: float
    price: Price
    fixed: bool = False


@dataclass(frozen=True, slots=True)
class Cost:
    """The lines of Lambda and S3 for a month."""

    requests: Line
    duration: Line
    puts: Line
    reads: Line

    @property
    def lines(self) -> tuple[Line, ...]:
        """All four."""
        return self.requests, self.duration, self.puts, self.reads

    @property
    def lambda_dollars(self) -> float:
        """Dollars for Lambda, which depend on the memory size."""
        return self.requests.dollars + self.duration.dollars

    @property
    def total(self) -> float:
        """Dollars for all four lines."""
        return sum(line.dollars for line in self.lines)


def cost(usage: Usage, prices: Prices, *, free_tier: bool = False) -> Cost:
    """The cost of a month, before or after each account's monthly free tier."""
    return month_cost([usage], prices, free_tier=free_tier)


def month_cost(usages: Sequence[Usage], prices: Prices, *, free_tier: bool = False) -> Cost:
    """The cost of a month with several kinds of images; the free tier and price tiers count once."""
    free_seconds = prices.gb_second.free if free_tier else 0.0
    duration = 0.0
    for architecture in Architecture:
        gb_seconds = sum(usage.gb_seconds for usage in usages if usage.architecture is architecture)
        duration += prices.duration(max(0.0, gb_seconds - free_seconds), architecture)
        free_seconds = max(0.0, free_seconds - gb_seconds)

    def line(label: str, units: float, price: Price) -> Line:
        return Line(label, units, price.of(units, free_tier=free_tier), price)

    return Cost(
        line("Lambda requests", sum(usage.images for usage in usages), prices.request),
        Line("Lambda GB-seconds", sum(usage.gb_seconds for usage in usages), duration, prices.gb_second),
        line("S3 PUT", sum(usage.images * usage.renditions for usage in usages), prices.put),
        line("S3 GET and HEAD", sum(usage.images * usage.reads for usage in usages), prices.read),
    )
