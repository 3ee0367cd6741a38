"""Ratios between Resizer and its peers: `bench.peers.ratios`; and what the benchmark runs."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from bench.measure import Artifact
from bench.peers.comparison import PeerResult
from bench.peers.ratios import geometric_mean, lower_quality_photos, memory_ratios, ratio
from bench.peers.worker import OURS, BuiltFunction, command
from devtools.lambda_runtime.model import Tools
from devtools.lambda_runtime.template import allocator_settings
from devtools.lambda_runtime.tools import PROJECT


def result(photo: str, contender: str, cpu_ms: float, peak_mb: int = 100, psnr: float = 50) -> PeerResult:
    """A contender's result on one photo."""
    return PeerResult(photo, contender, cpu_ms, cpu_ms * 2, cpu_ms, peak_mb * 10**6, 1000, psnr)


RESULTS = [
    result("a.jpg", "ours", 20, 60, 46),
    result("a.jpg", "sharp-three", 80, 120, 48),
    result("b.jpg", "ours", 50, 90, 50),
    result("b.jpg", "sharp-three", 50, 120, 40),
    result("c.png", "ours", 10),
]


def test_ratios_compare_photos_that_both_resized() -> None:
    """With ratios of 1/4 and 1, the geometric mean is 1/2 and the worst is 1."""
    found = ratio(RESULTS, "sharp-three")
    assert found
    assert (found.mean, found.worst) == pytest.approx((0.5, 1.0))
    assert found.worst_photo == "b.jpg"
    assert not found.meets_target


def test_a_peer_without_results_has_no_ratio() -> None:
    """A peer that is not installed has no figures."""
    assert ratio(RESULTS, "vips") is None


def test_photos_with_lower_quality_are_named() -> None:
    """Quality is compared photo by photo, not on average."""
    assert lower_quality_photos(RESULTS, "sharp-three") == ["a.jpg"]


def test_memory_is_compared_photo_by_photo() -> None:
    """Only photos that both resized count."""
    assert memory_ratios(RESULTS, "sharp-three") == {"a.jpg": 0.5, "b.jpg": 0.75}


def test_the_geometric_mean_is_of_ratios() -> None:
    """Twice as fast and half as fast cancel out."""
    assert geometric_mean([2.0, 0.5]) == pytest.approx(1.0)


def test_the_built_function_is_imported_before_the_source_tree(tmp_path: Path) -> None:
    """The benchmark measures what Lambda runs."""
    built = BuiltFunction(tmp_path / "function", tmp_path / "layer", tmp_path / "python")
    path = built.environment["PYTHONPATH"].split(os.pathsep)
    assert path == [str(tmp_path / "function"), str(tmp_path / "layer" / "python"), str(PROJECT)]
    assert command(OURS, built) == [str(tmp_path / "python"), "-P", "-m", "bench.peers.serve", "ours"]


def test_the_benchmark_tunes_the_allocator_as_the_template_does() -> None:
    """The benchmark sets the template's two variables."""
    assert set(allocator_settings(PROJECT / "template.yaml")) == {"MALLOC_TRIM_THRESHOLD_", "MALLOC_MMAP_MAX_"}
    function = Artifact(Path("code"), (), Tools(Path("emulator"), Path("python")), "http://127.0.0.1:1").function(512)
    assert function.environment.items() >= allocator_settings(PROJECT / "template.yaml").items()
