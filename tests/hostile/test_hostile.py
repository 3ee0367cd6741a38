"""Whatever is uploaded ends in an answer: within its memory, without a crash, a hang or an unexpected error."""

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


FUNCTION = 256  # MB
NAMES = sorted(small_files())
ANSWERS = {"picture", "truncated", "corrupt", "not_an_image", "unsupported_format", "too_many_pixels", "needs_memory"}
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="Linux alone tells what a process has held"),
]


@pytest.fixture(scope="module")
def fresh() -> Iterator[FreshProcesses]:
    processes = FreshProcesses.start()
    yield processes
    processes.stop()


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_ends_within_its_memory(name: str, fresh: FreshProcesses, tmp_path: Path) -> None:
    """A file made to exhaust whoever opens it is refused, or resized where it is harmless, within its memory."""
    expected, make = BOMBS[name]
    bomb = tmp_path / "bomb"
    bomb.write_bytes(make())
    end = fresh.run("tests.support.hostile_runs:resize", str(bomb), FUNCTION)
    bomb.unlink()
    assert end["outcome"] == expected, end["detail"]
    assert end["memory"] < FUNCTION * MB


@pytest.mark.parametrize("name", NAMES)
def test_damage_ends_in_an_answer(name: str, fresh: FreshProcesses) -> None:
    """A file cut off at any length, or with any one byte changed, is a picture or a refusal; a sample of long ones."""
    ends = fresh.run("tests.support.hostile_runs:damaged", name, 1)
    assert set(ends) <= ANSWERS
    assert "picture" in ends
    assert len(ends) > 1
    assert sum(ends.values()) >= min(2 * len(small_files()[name]), ALL_BYTES)


@pytest.mark.parametrize("name", NAMES)
def test_a_download_shorter_than_it_says_is_tried_again(name: str, fresh: FreshProcesses) -> None:
    """A body that ends before its size is an interrupted download in every format, and never ends the process."""
    for missing in (1, 1000, 5_000_000):
        assert fresh.run("tests.support.hostile_runs:lied_to", name, missing) == "interrupted"


@pytest.mark.parametrize("name", NAMES)
def test_a_download_longer_than_it_says_ends_where_it_said(name: str, fresh: FreshProcesses) -> None:
    """Of a body that goes on behind its size nothing is read but what was told of."""
    half = len(small_files()[name]) // 2
    assert fresh.run("tests.support.hostile_runs:lied_to", name, -half) in {"resized", "truncated", "corrupt"}
