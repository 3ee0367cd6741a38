"""Memory sizes computed from one measurement: `bench.estimate`, `bench.sizes` and `bench.rows`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bench.estimate import FullSpeed, computed, duration
from bench.peers.worker import Sample
from bench.pictures import Picture
from bench.rows import Ending, Kind, read_rows, write_rows
from bench.sizes import measurable, share

if TYPE_CHECKING:
    from pathlib import Path

MB = 1_048_576
RUN = FullSpeed(280.0, 45 * MB, Sample(200, 260, 90_000, 70 * MB), [Sample(100, 150, 90_000, 80 * MB)])


@pytest.fixture
def picture(tmp_path: Path) -> Picture:
    """A picture for which the plan asks 60 MB beyond the function itself."""
    path = tmp_path / "cat.jpg"
    path.write_bytes(b"x" * 1000)
    return Picture(path, 1.0, 60 * MB)


def test_half_the_share_takes_twice_the_time() -> None:
    """Below a whole processor the time is CPU time over the share."""
    assert duration(100, 100, 256) == pytest.approx(2 * duration(100, 100, 512))


def test_from_a_whole_processor_on_nothing_becomes_faster() -> None:
    """One picture is mostly one thread's work, and waiting does not shrink."""
    assert duration(100, 150, 1769) == duration(100, 150, 3008) == 150


def test_a_size_is_computed_and_labelled(picture: Picture) -> None:
    """Every figure of an estimate says that it is one."""
    row = computed(picture, RUN, 512)
    assert (row.kind, row.ending, row.peak_bytes) == (Kind.ESTIMATE, Ending.RESIZED, 80 * MB)
    assert row.ms == pytest.approx(100 * 1.1 / share(512))
    assert row.init_ms == pytest.approx(280 * 1.1 / share(512))


def test_a_size_that_the_plan_refuses_is_a_row_that_says_so(picture: Picture) -> None:
    """45 MB of function, 8 of the platform and 60 of picture do not fit 112 MB."""
    row = computed(picture, RUN, 112)
    assert (row.ending, row.warm_ms, row.detail) == (Ending.REFUSED, [], "refused by the memory plan")


def test_sizes_beyond_the_machines_cores_are_left_out() -> None:
    """Two cores can show 3008 MB's share of 1.7 and not 5308 MB's of 3."""
    assert measurable((128, 3008, 5308), 2) == (128, 3008)


def test_rows_survive_their_file(picture: Picture, tmp_path: Path) -> None:
    """What was measured today can be chosen from tomorrow."""
    rows = [computed(picture, RUN, size) for size in (112, 512)]
    write_rows(tmp_path / "rows.jsonl", {"mix": {"cat.jpg": 1.0}}, rows)
    assert read_rows(tmp_path / "rows.jsonl") == ({"mix": {"cat.jpg": 1.0}}, rows)
