"""Memory sizes computed from one measurement: `bench.estimate`, `bench.sizes` and `bench.rows`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bench.estimate import FullSpeed, computed, duration
from bench.peers.worker import Sample
from bench.pictures import Picture
from bench.rows import Kind, Outcome, read_rows, write_rows
from bench.sizes import MB, measurable, processor_share

if TYPE_CHECKING:
    from pathlib import Path

RUN = FullSpeed(280.0, 45 * MB, Sample(200, 260, 90_000, 70 * MB), [Sample(100, 150, 90_000, 80 * MB)])


@pytest.fixture
def picture(tmp_path: Path) -> Picture:
    """A picture that needs 60 MB on top of the function itself."""
    path = tmp_path / "cat.jpg"
    path.write_bytes(b"x" * 1000)
    return Picture(path, 1.0, 60 * MB)


def test_half_the_share_takes_twice_the_time() -> None:
    """With less than one processor the duration is CPU time divided by the share."""
    assert duration(100, 100, 256) == pytest.approx(2 * duration(100, 100, 512))


def test_more_than_one_processor_is_not_faster() -> None:
    """One picture is mostly the work of one thread, and waiting takes as long as before."""
    assert duration(100, 150, 1769) == duration(100, 150, 3008) == 150


def test_a_size_is_computed_and_labelled(picture: Picture) -> None:
    """Every row of an estimate says that it is one."""
    row = computed(picture, RUN, 512)
    assert (row.kind, row.outcome, row.peak_bytes) == (Kind.ESTIMATE, Outcome.RESIZED, 80 * MB)
    assert row.typical_ms == pytest.approx(100 * 1.1 / processor_share(512))
    assert row.init_ms == pytest.approx(280 * 1.1 / processor_share(512))


def test_a_size_that_is_too_small_gets_a_row(picture: Picture) -> None:
    """45 MB for the function, 8 for the platform and 60 for the picture do not fit into 112 MB."""
    row = computed(picture, RUN, 112)
    assert (row.outcome, row.warm_ms, row.detail) == (Outcome.NEEDS_MEMORY, [], "does not fit by the memory plan")


def test_sizes_beyond_the_machines_cores_are_left_out() -> None:
    """Two cores are enough for 3008 MB, which get 1.7, but not for 5308 MB, which get 3."""
    assert measurable((128, 3008, 5308), 2) == (128, 3008)


def test_rows_are_read_as_they_were_written(picture: Picture, tmp_path: Path) -> None:
    """`choose` can use the rows of an earlier run."""
    rows = [computed(picture, RUN, size) for size in (112, 512)]
    write_rows(tmp_path / "rows.jsonl", {"mix": {"cat.jpg": 1.0}}, rows)
    assert read_rows(tmp_path / "rows.jsonl") == ({"mix": {"cat.jpg": 1.0}}, rows)
