"""No upload crashes the service, hangs it, exceeds its memory or raises an unexpected error."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.bombs import BOMBS
from tests.support.forged import MB
from tests.support.fresh import FreshProcesses
from tests.support.hostile_runs import MAX_PLACES
from tests.support.small_files import small_files

FUNCTION_MB = 256
NAMES = sorted(small_files())
RESULTS = {"picture", "truncated", "corrupt", "not_an_image", "unsupported_format", "too_many_pixels", "needs_memory"}
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="only Linux reports a process's peak memory"),
]


@pytest.fixture(scope="module")
def fresh() -> Iterator[FreshProcesses]:
    processes = FreshProcesses.start()
    yield processes
    processes.stop()


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_stays_within_the_memory(name: str, fresh: FreshProcesses, tmp_path: Path) -> None:
    """A file made to exhaust its reader is refused, or resized if it is harmless, within the function's memory."""
    expected, make = BOMBS[name]
    bomb = tmp_path / "bomb"
    bomb.write_bytes(make())
    end = fresh.run("tests.support.hostile_runs:resize", str(bomb), FUNCTION_MB)
    bomb.unlink()
    assert end["outcome"] == expected, end["detail"]
    assert end["memory"] < FUNCTION_MB * MB


@pytest.mark.parametrize("name", NAMES)
def test_damaged_files_are_decoded_or_refused(name: str, fresh: FreshProcesses) -> None:
    """A file cut at any length, or with any one byte changed, is decoded or refused. Long files are sampled."""
    ends = fresh.run("tests.support.hostile_runs:damaged", name, 1)
    assert set(ends) <= RESULTS
    assert "picture" in ends
    assert len(ends) > 1
    assert sum(ends.values()) >= min(2 * len(small_files()[name]), MAX_PLACES)


@pytest.mark.parametrize("name", NAMES)
def test_a_download_of_another_size_never_crashes(name: str, fresh: FreshProcesses) -> None:
    """A body shorter than its announced size is an interrupted download; of a longer one, no more is read."""
    half = len(small_files()[name]) // 2
    *short, long = fresh.run("tests.support.hostile_runs:wrong_sizes", name, [1, 1000, 5_000_000, -half])
    assert short == ["interrupted"] * 3
    assert long in {"resized", "truncated", "corrupt"}
