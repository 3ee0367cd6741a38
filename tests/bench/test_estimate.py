"""`bench.estimate` computes all memory sizes from one measurement at full speed."""

from pathlib import Path

import pytest

from bench.estimate import FullSpeed, computed, duration
from bench.peers.worker import Sample
from bench.pictures import Picture
from bench.rows import Kind, Outcome, read_rows, write_rows
from bench.sizes import MB, measurable, processor_share

RUN = FullSpeed(280.0, 45 * MB, Sample(200, 260, 90_000, 70 * MB), [Sample(100, 150, 90_000, 80 * MB)])


@pytest.fixture
def picture(tmp_path: Path) -> Picture:
    """A picture that needs 60 MB by the memory plan, beyond the function itself."""
    path = tmp_path / "cat.jpg"
    path.write_bytes(b"x" * 1000)
    return Picture(path, 1.0, 60 * MB)


def test_half_a_core_takes_twice_the_time() -> None:
    """Below a whole core, the time is the CPU time divided by the share of a core."""
    assert duration(100, 100, 256) == pytest.approx(2 * duration(100, 100, 512))


def test_more_than_one_core_is_no_faster() -> None:
    """From one whole core on, a picture takes the same time, because one thread does most of the work."""
    assert duration(100, 150, 1769) == duration(100, 150, 3008) == 150


def test_a_computed_size_is_marked_as_an_estimate(picture: Picture) -> None:
    """Times of an estimate are scaled by the CPU share, with a tenth added, and the row says `ESTIMATE`."""
    row = computed(picture, RUN, 512)
    assert (row.kind, row.outcome, row.peak_bytes) == (Kind.ESTIMATE, Outcome.RESIZED, 80 * MB)
    assert row.typical_ms == pytest.approx(100 * 1.1 / processor_share(512))
    assert row.init_ms == pytest.approx(280 * 1.1 / processor_share(512))


def test_a_size_that_the_memory_plan_refuses_is_a_refused_row(picture: Picture) -> None:
    """45 MB of function, 8 MB of platform and 60 MB of picture do not fit into 112 MB."""
    row = computed(picture, RUN, 112)
    assert (row.outcome, row.warm_ms, row.detail) == (Outcome.NEEDS_MEMORY, [], "does not fit by the memory plan")


def test_sizes_with_more_cores_than_this_machine_are_left_out() -> None:
    """Two cores are enough for the 1.7 of 3008 MB, but not for the 3 of 5308 MB."""
    assert measurable((128, 3008, 5308), 2) == (128, 3008)


def test_rows_can_be_written_and_read_back(picture: Picture, tmp_path: Path) -> None:
    """Rows and mix read from a file are those that were written to it."""
    rows = [computed(picture, RUN, size) for size in (112, 512)]
    write_rows(tmp_path / "rows.jsonl", {"mix": {"cat.jpg": 1.0}}, rows)
    assert read_rows(tmp_path / "rows.jsonl") == ({"mix": {"cat.jpg": 1.0}}, rows)
