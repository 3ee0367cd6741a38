"""The cost of a month: `resizer.cli.cost` and the command that prints it."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from resizer.cli.commands import app
from resizer.cli.cost import Architecture, Usage, cost, prices


def test_a_million_images_by_hand() -> None:
    """1e6 images of 180 ms at 256 MB are 45,000 GB-s: 0.75 dollars, 0.20 for requests, 15.40 for S3."""
    month = cost(Usage(1e6, 256, 180), prices())
    assert month.duration == pytest.approx(45_000 * 0.0000166667)
    assert month.requests == pytest.approx(0.20)
    assert month.s3 == pytest.approx(0.40 + 15.00)
    assert month.total == pytest.approx(month.duration + month.requests + month.s3)


def test_duration_is_billed_by_whole_milliseconds_and_cold_starts_by_their_share() -> None:
    """179.1 ms are billed as 180, and a 299.5 ms start that one image in ten meets adds 30."""
    assert Usage(1, 128, 179.1).billed_ms == 180
    assert Usage(1, 128, 180, init_ms=299.5, cold_share=0.1).billed_ms == pytest.approx(210)


def test_free_tier_takes_off_a_million_requests_and_400_000_gb_seconds() -> None:
    """What the free tier covers costs nothing but S3, and what goes beyond it costs as before."""
    small = cost(Usage(1e6, 256, 180), prices(), free_tier=True)
    assert small.requests == small.duration == 0
    large = cost(Usage(11e6, 1024, 100), prices(), free_tier=True)
    assert large.requests == pytest.approx(10 * 0.20)
    assert large.duration == pytest.approx((1_100_000 - 400_000) * 0.0000166667)


def test_large_months_reach_the_cheaper_tiers() -> None:
    """7e9 GB-s on x86_64 are 6e9 at the first price and 1e9 at the second."""
    expected = 6e9 * 0.0000166667 + 1e9 * 0.0000150000
    assert prices().duration(7e9, Architecture.X86_64) == pytest.approx(expected)


def test_arm64_seconds_are_a_fifth_cheaper() -> None:
    """The same duration on arm64 costs 0.8 of what it costs on x86_64."""
    x86, arm = (cost(Usage(1e6, 512, 100, architecture=each), prices()).duration for each in Architecture)
    assert arm / x86 == pytest.approx(0.8, abs=0.001)


def test_prices_say_where_and_when_they_were_asked() -> None:
    """Every figure of a report can name the day and the page of its prices."""
    assert prices().as_of.year >= 2025
    assert "aws.amazon.com/lambda/pricing" in prices().source


def test_the_command_prints_the_total_and_the_day_of_the_prices() -> None:
    """`resizer cost` is the calculator alone, with its sources."""
    result = CliRunner().invoke(app, ["cost", "--images", "1e6", "--memory", "256", "--ms", "180"])
    assert result.exit_code == 0
    assert "16.35" in result.output
    assert str(prices().as_of) in result.output
