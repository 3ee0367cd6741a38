"""What a month of images costs: Lambda's requests and GB-seconds, S3's requests and transfer."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files
from math import ceil, inf
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

MB_PER_GB = 1024


class Architecture(StrEnum):
    """A function's processor, by Lambda's name for it."""

    X86_64 = "x86_64"
    ARM64 = "arm64"


@dataclass(frozen=True, slots=True)
class Prices:
    """Prices in dollars of one region on one day; `tiers` are (GB-seconds of the month up to, dollars each)."""

    as_of: date
    region: str
    source: str
    per_request: float
    free_requests: float
    free_gb_seconds: float
    tiers: dict[Architecture, tuple[tuple[float, float], ...]]
    per_get: float
    per_put: float
    per_gb_transferred: float

    def duration(self, gb_seconds: float, architecture: Architecture) -> float:
        """Dollars for a month's GB-seconds, each at the price of the tier that it falls into."""
        dollars, below = 0.0, 0.0
        for limit, price in self.tiers[architecture]:
            dollars += max(0.0, min(gb_seconds, limit) - below) * price
            below = limit
        return dollars


@dataclass(frozen=True, slots=True)
class Usage:
    """A month of images. Times in milliseconds; `cold_share` of the images wait for `init_ms`, which is billed too."""

    images: float
    memory_mb: int
    ms: float
    init_ms: float = 0.0
    cold_share: float = 0.0
    renditions: int = 3
    transferred_bytes: float = 0.0
    architecture: Architecture = Architecture.X86_64

    @property
    def billed_ms(self) -> float:
        """What an image is billed on average: whole milliseconds of duration, and its share of the cold starts.

        Initialisation has been billed for every kind of function since August 2025.
        """
        return ceil(self.ms) + self.cold_share * ceil(self.init_ms)

    @property
    def gb_seconds(self) -> float:
        """Billed duration times memory."""
        return self.images * self.billed_ms / 1000 * self.memory_mb / MB_PER_GB


@dataclass(frozen=True, slots=True)
class Cost:
    """Dollars for a month of images."""

    requests: float
    duration: float
    s3: float

    @property
    def total(self) -> float:
        """Everything."""
        return self.requests + self.duration + self.s3


def cost(usage: Usage, prices: Prices, *, free_tier: bool = False) -> Cost:
    """What a month costs, with or without what each account has free every month."""
    return month_cost([usage], prices, free_tier=free_tier)


def month_cost(usages: Sequence[Usage], prices: Prices, *, free_tier: bool = False) -> Cost:
    """What a month of several kinds of images costs together: free tier and price tiers count once."""
    requests = sum(usage.images for usage in usages)
    free_requests, free_seconds = (prices.free_requests, prices.free_gb_seconds) if free_tier else (0.0, 0.0)
    duration = 0.0
    for architecture in Architecture:
        gb_seconds = sum(usage.gb_seconds for usage in usages if usage.architecture is architecture)
        duration += prices.duration(max(0.0, gb_seconds - free_seconds), architecture)
        free_seconds = max(0.0, free_seconds - gb_seconds)
    s3 = sum(usage.images * _s3(usage, prices) for usage in usages)
    return Cost(max(0.0, requests - free_requests) * prices.per_request, duration, s3)


def _s3(usage: Usage, prices: Prices) -> float:
    """One image's requests and transfer; one that is refused has been fetched all the same."""
    return (
        prices.per_get + usage.renditions * prices.per_put + usage.transferred_bytes / 1e9 * prices.per_gb_transferred
    )


@cache
def prices() -> Prices:
    """The prices that this project was released with."""
    table = tomllib.loads(files("resizer.cli").joinpath("prices.toml").read_text())
    of_lambda, of_s3 = table["lambda"], table["s3"]
    tiers = {
        architecture: tuple((tier.get("up_to", inf), tier["price"]) for tier in of_lambda[architecture])
        for architecture in Architecture
    }
    return Prices(
        table["as_of"],
        table["region"],
        table["source"],
        of_lambda["per_request"],
        of_lambda["free_requests"],
        of_lambda["free_gb_seconds"],
        tiers,
        of_s3["per_get"],
        of_s3["per_put"],
        of_s3["per_gb_transferred"],
    )
