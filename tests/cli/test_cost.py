"""`resizer cost` prints the bill of a month, from `resizer.cli.cost` and `resizer.cli.prices`."""

import pytest
from typer.testing import CliRunner

from resizer.cli.commands import app
from resizer.cli.cost import Usage, cost
from resizer.cli.prices import Architecture, Price, prices


def test_a_million_images_cost_what_a_pocket_calculator_says() -> None:
    """1e6 images of 180 ms at 256 MB: $0.75 for 45,000 GB-s, $0.20 for requests, $15 for PUTs, $0.80 for reads."""
    month = cost(Usage(1e6, 256, 180), prices())
    assert month.duration.dollars == pytest.approx(45_000 * 0.0000166667)
    assert month.requests.dollars == pytest.approx(0.20)
    assert month.puts.dollars == pytest.approx(15.00)
    assert month.reads.dollars == pytest.approx(0.40 + 0.40)
    assert month.total == pytest.approx(0.75 + 0.20 + 15.80, abs=0.01)


def test_milliseconds_are_rounded_up_and_cold_starts_count_by_their_share() -> None:
    """179.1 ms are billed as 180; a cold start of 299.5 ms for one image in ten adds 30."""
    assert Usage(1, 128, 179.1).billed_ms == 180
    assert Usage(1, 128, 180, init_ms=299.5, cold_share=0.1).billed_ms == pytest.approx(210)


def test_the_free_tier_is_a_million_requests_and_400_000_gb_seconds() -> None:
    """Within the free tier only S3 costs anything; usage above it costs the usual price."""
    small = cost(Usage(1e6, 256, 180), prices(), free_tier=True)
    assert small.lambda_dollars == 0
    large = cost(Usage(11e6, 1024, 100), prices(), free_tier=True)
    assert large.requests.dollars == pytest.approx(10 * 0.20)
    assert large.duration.dollars == pytest.approx((1_100_000 - 400_000) * 0.0000166667)


def test_long_durations_reach_the_cheaper_tier() -> None:
    """Of 7e9 GB-s on x86_64, 6e9 cost the first price and 1e9 the second."""
    expected = 6e9 * 0.0000166667 + 1e9 * 0.0000150000
    assert prices().duration(7e9, Architecture.X86_64) == pytest.approx(expected)


def test_arm64_seconds_are_a_fifth_cheaper() -> None:
    """A duration on arm64 costs 0.8 times what it costs on x86_64."""
    x86, arm = (cost(Usage(1e6, 512, 100, architecture=each), prices()).duration.dollars for each in Architecture)
    assert arm / x86 == pytest.approx(0.8, abs=0.001)


def test_every_price_has_its_day_and_its_page() -> None:
    """Every price has a date and a page of AWS; the bill's six services have a page each."""
    table = prices()
    values = [getattr(table, name) for name in table.__slots__]
    listed = [each for each in values if isinstance(each, Price)]
    assert all(each.as_of.year >= 2026 and each.source.startswith("https://aws.amazon.com/") for each in listed)
    assert len({each.source for each in listed}) == 6


def printed(*options: str, columns: str = "120") -> str:
    result = CliRunner().invoke(app, ["cost", "--memory", "256", "--ms", "180", *options], env={"COLUMNS": columns})
    assert result.exit_code == 0, result.output
    return result.output


def test_the_command_prints_every_line_and_the_total() -> None:
    """`resizer cost` prints the whole bill, where and when its prices were read, and the cheapest trigger."""
    text = printed("--images", "1e6")
    lines = {line.split("│")[1].strip(): line.split("│")[3].strip() for line in text.splitlines() if "│" in line}
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
    assert all(str(each.as_of) in text for each in (prices().request, prices().event))
    assert "https://aws.amazon.com/eventbridge/pricing/" in text
    assert (
        "Cheapest trigger: s3 (it needs an OutputBucket or a SourcePrefix) $0.00; sqs $1.46, eventbridge $4.00." in text
    )


def test_the_bill_fits_a_terminal() -> None:
    """Even for a hundred million images a month, no line of the table is longer than 80 columns."""
    text = printed("--images", "1e8", columns="80")
    table = [line for line in text.splitlines() if "│" in line]
    assert len(table) == 11
    assert max(map(len, table)) <= 80
    assert "price as of" in text


def test_numbers_can_be_written_in_several_ways() -> None:
    """`10,000`, `1e4` and `10000` are the same; one image is `1 image`; the error names a wrong number."""
    assert printed("--images", "10,000") == printed("--images", "1e4") == printed("--images", "10000")
    assert "10,000 images a month" in printed("--images", "10,000")
    assert "1 image a month" in printed("--images", "1")
    for wrong in ("1,5", "many", "-1", "nan", "inf", "0"):
        done = CliRunner().invoke(app, ["cost", "--memory", "256", "--ms", "180", f"--images={wrong}"])
        assert done.exit_code == 2
        assert repr(wrong) in done.output
