"""AWS's prices, each with its date and source."""

import tomllib
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cache
from importlib.resources import files
from math import inf
from typing import Any


class Architecture(StrEnum):
    """A function's processor, as Lambda names it."""

    X86_64 = "x86_64"
    ARM64 = "arm64"


@dataclass(frozen=True, slots=True)
class Price:
    """Dollars per unit after `free` units a month, as `source` said on the day `as_of`."""

    dollars: float
    free: float
    as_of: date
    source: str

    def of(self, units: float, *, free_tier: bool) -> float:
        """Dollars for a month's units."""
        return max(0.0, units - (self.free if free_tier else 0.0)) * self.dollars


@dataclass(frozen=True, slots=True)
class Prices:
    """Prices of one region. `tiers` are (up to GB-seconds a month, dollars each); `gb_second` is the first."""

    region: str
    request: Price
    gb_second: Price
    tiers: dict[Architecture, tuple[tuple[float, float], ...]]
    read: Price
    put: Price
    event: Price
    message: Price
    log_gb: Price
    metric: Price
    alarm: Price
    dashboard: Price
    trace: Price

    def duration(self, gb_seconds: float, architecture: Architecture) -> float:
        """Dollars for a month's GB-seconds, each at the price of its tier."""
        dollars, below = 0.0, 0.0
        for limit, price in self.tiers[architecture]:
            dollars += max(0.0, min(gb_seconds, limit) - below) * price
            below = limit
        return dollars


@cache
def prices() -> Prices:
    """The prices of this release."""
    table = tomllib.loads(files("resizer.cli").joinpath("prices.toml").read_text())
    tiers = {
        architecture: tuple((tier.get("up_to", inf), tier["price"]) for tier in table["lambda"][architecture])
        for architecture in Architecture
    }
    first = {"dollars": tiers[Architecture.X86_64][0][1], "free": table["lambda"]["free_gb_seconds"]}
    return Prices(
        region=table["region"],
        request=_price(table["lambda"], table["lambda"]["request"]),
        gb_second=_price(table["lambda"], first),
        tiers=tiers,
        read=_price(table["s3"], table["s3"]["read"]),
        put=_price(table["s3"], table["s3"]["put"]),
        event=_price(table["eventbridge"], table["eventbridge"]["event"]),
        message=_price(table["sqs"], table["sqs"]["request"]),
        trace=_price(table["xray"], table["xray"]["trace"]),
        **{
            name: _price(table["cloudwatch"], table["cloudwatch"][name])
            for name in ("log_gb", "metric", "alarm", "dashboard")
        },
    )


def _price(section: dict[str, Any], entry: dict[str, Any]) -> Price:
    return Price(entry["dollars"], entry.get("free", 0), section["as_of"], section["source"])
