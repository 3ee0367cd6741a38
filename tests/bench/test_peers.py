"""From a contest's standings to ratios: `bench.peers.targets`."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from bench.measure import Artifact
from bench.peers.contest import Standing
from bench.peers.targets import blurrier_than, geometric_mean, memory_ratios, ratio
from bench.peers.worker import OURS, Built, command
from devtools.lambda_runtime.model import Tools
from devtools.lambda_runtime.template import allocator_settings
from devtools.lambda_runtime.tools import PROJECT


def standing(photo: str, contender: str, cpu_ms: float, peak_mb: int = 100, psnr: float = 50) -> Standing:
    """A contender's figures on one photo."""
    return Standing(photo, contender, cpu_ms, cpu_ms * 2, cpu_ms, peak_mb * 10**6, 1000, psnr)


STANDINGS = [
    standing("a.jpg", "ours", 20, 60, 46),
    standing("a.jpg", "sharp-three", 80, 120, 48),
    standing("b.jpg", "ours", 50, 90, 50),
    standing("b.jpg", "sharp-three", 50, 120, 40),
    standing("c.png", "ours", 10),
]


def test_ratios_are_ours_over_theirs_on_photos_that_both_did() -> None:
    """A quarter on one photo and as much on the other is a half in the geometric mean, at worst one."""
    found = ratio(STANDINGS, "sharp-three")
    assert found
    assert (found.mean, found.worst) == pytest.approx((0.5, 1.0))
    assert found.worst_photo == "b.jpg"


def test_a_peer_that_did_not_take_part_has_no_ratio() -> None:
    """Nothing is made up for who was not there."""
    assert ratio(STANDINGS, "vips") is None


def test_a_picture_that_is_blurrier_is_named() -> None:
    """Quality is compared photo by photo, not on average."""
    assert blurrier_than(STANDINGS, "sharp-three") == ["a.jpg"]


def test_memory_is_compared_photo_by_photo() -> None:
    """Ours over theirs, where both did the photo."""
    assert memory_ratios(STANDINGS, "sharp-three") == {"a.jpg": 0.5, "b.jpg": 0.75}


def test_the_geometric_mean_is_of_ratios() -> None:
    """Twice as fast and half as fast cancel out."""
    assert geometric_mean([2.0, 0.5]) == pytest.approx(1.0)


def test_ours_finds_the_artifact_before_the_projects_own_code(tmp_path: Path) -> None:
    """What is measured is what Lambda runs, not the source tree."""
    built = Built(tmp_path / "function", tmp_path / "layer", tmp_path / "python")
    path = built.environment["PYTHONPATH"].split(os.pathsep)
    assert path == [str(tmp_path / "function"), str(tmp_path / "layer" / "python"), str(PROJECT)]
    assert command(OURS, built) == [str(tmp_path / "python"), "-P", "-m", "bench.peers.serve", "ours"]


def test_the_benchmark_tunes_the_allocator_as_the_template_does() -> None:
    """The function's environment in the benchmark has the template's two variables."""
    assert set(allocator_settings(PROJECT / "template.yaml")) == {"MALLOC_TRIM_THRESHOLD_", "MALLOC_MMAP_MAX_"}
    function = Artifact(Path("code"), (), Tools(Path("emulator"), Path("python")), "http://127.0.0.1:1").function(512)
    assert function.environment.items() >= allocator_settings(PROJECT / "template.yaml").items()
