"""What the fuzzer once found, and what leads it everywhere, ends in an answer today."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.support.fresh import FreshProcesses

SEEDS = Path(__file__).parent / "seeds"


@pytest.mark.skipif(sys.platform != "linux", reason="Linux alone tells what a process has held")
def test_every_seed_ends_in_an_answer() -> None:
    """Each seed is a picture or a refusal, and all of them together neither crash, nor hang, nor take much memory."""
    fresh = FreshProcesses.start()
    end = fresh.run("tests.support.hostile_runs:seeds", str(SEEDS))
    fresh.stop()
    assert end["read"] == len(list(SEEDS.iterdir())) > 100
    assert end["memory"] < 200_000_000
