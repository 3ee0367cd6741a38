"""No upload crashes the service, hangs it, exceeds its memory or raises an unexpected error."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from tests.support.bombs import BOMBS
from tests.support.forged import MB
from tests.support.fresh import FreshProcesses
from tests.support.hostile_runs import ALL_BYTES
from tests.support.small_files import small_files

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


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
    assert sum(ends.values()) >= min(2 * len(small_files()[name]), ALL_BYTES)


@pytest.mark.parametrize("name", NAMES)
def test_a_short_download_is_retried(name: str, fresh: FreshProcesses) -> None:
    """A body shorter than its announced size is an interrupted download in every format, never a crash."""
    for missing in (1, 1000, 5_000_000):
        assert fresh.run("tests.support.hostile_runs:wrong_size", name, missing) == "interrupted"


@pytest.mark.parametrize("name", NAMES)
def test_a_long_download_is_read_to_its_size(name: str, fresh: FreshProcesses) -> None:
    """A body longer than its announced size is read only up to that size."""
    half = len(small_files()[name]) // 2
    assert fresh.run("tests.support.hostile_runs:wrong_size", name, -half) in {"resized", "truncated", "corrupt"}
