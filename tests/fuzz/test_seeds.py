"""The fuzzer's findings, and the seeds that lead it through the code, are decoded or refused."""

import sys
from pathlib import Path

import pytest

from tests.support.fresh import FreshProcesses

SEEDS = Path(__file__).parent / "seeds"


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux reports a process's peak memory")
def test_every_seed_is_decoded_or_refused() -> None:
    """No seed crashes, hangs or raises an unexpected error, and all of them together take at most 200 MB."""
    fresh = FreshProcesses.start()
    end = fresh.run("tests.support.hostile_runs:seeds", str(SEEDS))
    fresh.stop()
    assert end["read"] == len(list(SEEDS.iterdir())) > 100
    assert end["memory"] < 200_000_000
