"""The cost of a month: `resizer.cli.cost`, `resizer.cli.prices`, and the command that prints the bill."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from resizer.cli.commands import app
from resizer.cli.cost import Usage, cost
from resizer.cli.prices import Architecture, Price, prices


def test_a_million_images_by_hand() -> None:
    """1e6 images of 180 ms at 256 MB are 45,000 GB-s: 0.75 dollars, 0.20 for requests, 15 for PUTs, 0.80 for reads."""
    month = cost(Usage(1e6, 256, 180), prices())
    assert month.duration.dollars == pytest.approx(45_000 * 0.0000166667)
    assert month.requests.dollars == pytest.approx(0.20)
    assert month.puts.dollars == pytest.approx(15.00)
    assert month.reads.dollars == pytest.approx(0.40 + 0.40)
    assert month.total == pytest.approx(0.75 + 0.20 + 15.80, abs=0.01)


def test_duration_is_billed_by_whole_milliseconds_and_cold_starts_by_their_share() -> None:
    """179.1 ms are billed as 180, and a 299.5 ms start that one image in ten meets adds 30."""
    assert Usage(1, 128, 179.1).billed_ms == 180
    assert Usage(1, 128, 180, init_ms=299.5, cold_share=0.1).billed_ms == pytest.approx(210)


def test_free_tier_takes_off_a_million_requests_and_400_000_gb_seconds() -> None:
    """What the free tier covers costs nothing but S3, and what goes beyond it costs as before."""
    small = cost(Usage(1e6, 256, 180), prices(), free_tier=True)
    assert small.lambda_dollars == 0
    large = cost(Usage(11e6, 1024, 100), prices(), free_tier=True)
    assert large.requests.dollars == pytest.approx(10 * 0.20)
    assert large.duration.dollars == pytest.approx((1_100_000 - 400_000) * 0.0000166667)


def test_large_months_reach_the_cheaper_tiers() -> None:
    """7e9 GB-s on x86_64 are 6e9 at the first price and 1e9 at the second."""
    expected = 6e9 * 0.0000166667 + 1e9 * 0.0000150000
    assert prices().duration(7e9, Architecture.X86_64) == pytest.approx(expected)


def test_arm64_seconds_are_a_fifth_cheaper() -> None:
    """The same duration on arm64 costs 0.8 of what it costs on x86_64."""
    x86, arm = (cost(Usage(1e6, 512, 100, architecture=each), prices()).duration.dollars for each in Architecture)
    assert arm / x86 == pytest.approx(0.8, abs=0.001)


def test_every_price_says_where_and_when_it_was_asked() -> None:
    """Each has the day and AWS's own page, and there is one for each service on the bill."""
    listed = prices()
    found = [getattr(listed, name) for name in listed.__slots__]
    named = [each for each in found if isinstance(each, Price)]
    assert all(each.as_of.year >= 2026 and each.source.startswith("https://aws.amazon.com/") for each in named)
    assert len({each.source for each in named}) == 6


def printed(*options: str, columns: str = "120") -> str:
    result = CliRunner().invoke(app, ["cost", "--memory", "256", "--ms", "180", *options], env={"COLUMNS": columns})
    assert result.exit_code == 0, result.output
    return result.output


def test_the_command_prints_every_line_and_the_total() -> None:
    """`resizer cost` lists the whole bill, the days and pages of its prices, and the cheapest trigger."""
    told = printed("--images", "1e6")
    lines = {line.split("│")[1].strip(): line.split("│")[3].strip() for line in told.splitlines() if "│" in line}
    assert lines == {
        "Lambda requests": "0.20",
        "Lambda GB-seconds": "0.75",
        "S3 PUT": "15.00",
        "S3 GET and HEAD": "0.80",
        "EventBridge events": "4.00",
        "log ingestion, GB": "1.10",
        "X-Ray traces, at most": "5.00",
        "custom metrics": "2.70",
        "alarms": "1.90",
        "dashboard": "3.00",
        "total": lines["total"],
    }
    assert all(str(each.as_of) in told for each in (prices().request, prices().event))
    assert "https://aws.amazon.com/eventbridge/pricing/" in told
    assert (
        "Cheapest trigger: s3 (it needs an OutputBucket or a SourcePrefix) $0.00; sqs $1.46, eventbridge $4.00." in told
    )


def test_the_bill_fits_a_terminal() -> None:
    """For a hundred million images a month, too, its table folds no line at 80 columns."""
    told = printed("--images", "1e8", columns="80")
    table = [line for line in told.splitlines() if "│" in line]
    assert len(table) == 11
    assert max(map(len, table)) <= 80
    assert "price as of" in told


def test_numbers_are_understood_as_people_write_them() -> None:
    """`10,000`, `1e4` and `10000` are the same; one image is `1 image`; what is no number is named."""
    assert printed("--images", "10,000") == printed("--images", "1e4") == printed("--images", "10000")
    assert "10,000 images a month" in printed("--images", "10,000")
    assert "1 image a month" in printed("--images", "1")
    for wrong in ("1,5", "many", "-1", "nan", "inf", "0"):
        done = CliRunner().invoke(app, ["cost", "--memory", "256", "--ms", "180", f"--images={wrong}"])
        assert done.exit_code == 2
        assert repr(wrong) in done.output
