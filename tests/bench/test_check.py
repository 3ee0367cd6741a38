"""A regression is found and priced: `bench.check`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bench.check import Figures, calibration, dollars_per_million, read_accepted, regressions, write_accepted
from resizer.cli.prices import prices

if TYPE_CHECKING:
    from pathlib import Path

ACCEPTED = {"cat.jpg": Figures(cpu_ratio=2.0, cpu_ms=40.0, peak_bytes=80_000_000)}


def test_a_slower_picture_fails_with_its_price_per_million() -> None:
    """10 ms more of CPU are 17,275 GB-s a million, which are 0.29 dollars."""
    (sentence,) = regressions({"cat.jpg": Figures(2.5, 50.0, 80_000_000)}, ACCEPTED, prices())
    assert "1.25 times the accepted CPU time (50.0 ms instead of 40.0" in sentence
    assert "$0.29 more per million images" in sentence


def test_a_slower_machine_is_no_regression() -> None:
    """Where the loop takes as much longer as the picture, nothing has become slower."""
    assert regressions({"cat.jpg": Figures(2.0, 90.0, 80_000_000)}, ACCEPTED, prices()) == []


@pytest.mark.parametrize(("ratio", "count"), [(2.29, 0), (2.31, 1)])
def test_fifteen_percent_is_the_limit(ratio: float, count: int) -> None:
    """Less is noise, more is a regression."""
    assert len(regressions({"cat.jpg": Figures(ratio, 40.0, 80_000_000)}, ACCEPTED, prices())) == count


def test_a_larger_picture_fails() -> None:
    """Memory is compared as it is: it does not depend on the machine's speed."""
    (sentence,) = regressions({"cat.jpg": Figures(2.0, 40.0, 120_000_000)}, ACCEPTED, prices())
    assert "1.50 times the accepted memory: 120 MB instead of 80" in sentence


def test_a_second_of_cpu_costs_the_same_at_every_size() -> None:
    """Half the share takes twice the time at half the price: 28.79 dollars per million CPU seconds."""
    assert dollars_per_million(1000, prices()) == pytest.approx(28.79, abs=0.01)


def test_accepted_figures_survive_their_file(tmp_path: Path) -> None:
    """What was accepted is what is compared with."""
    write_accepted(tmp_path / "accepted.json", ACCEPTED, {"cpu": "any"})
    assert read_accepted(tmp_path / "accepted.json") == ACCEPTED


def test_the_loop_takes_cpu_time() -> None:
    """The calibration is work, not a wait."""
    assert calibration() > 0.005
