"""`bench.peers.ratios` compares our figures with those of other resizers, photo by photo."""

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
    """A contender's figures on one photo."""
    return PeerResult(photo, contender, cpu_ms, cpu_ms * 2, cpu_ms, peak_mb * 10**6, 1000, psnr)


RESULTS = [
    result("a.jpg", "ours", 20, 60, 46),
    result("a.jpg", "sharp-three", 80, 120, 48),
    result("b.jpg", "ours", 50, 90, 50),
    result("b.jpg", "sharp-three", 50, 120, 40),
    result("c.png", "ours", 10),
]


def test_a_ratio_is_ours_over_theirs() -> None:
    """Ratios of 0.25 and 1.0 have a geometric mean of 0.5 and a worst of 1.0; photos of only one side are left out."""
    ours = ratio(RESULTS, "sharp-three")
    assert ours
    assert (ours.mean, ours.worst) == pytest.approx((0.5, 1.0))
    assert not ours.meets_target
    assert ours.worst_photo == "b.jpg"


def test_a_peer_that_did_not_take_part_has_no_ratio() -> None:
    """Without figures of the peer there is no ratio."""
    assert ratio(RESULTS, "vips") is None


def test_a_blurrier_photo_is_named() -> None:
    """A photo with a lower PSNR than the peer's is named, whatever the average."""
    assert lower_quality_photos(RESULTS, "sharp-three") == ["a.jpg"]


def test_memory_is_compared_photo_by_photo() -> None:
    """The memory ratio is ours over theirs, for each photo that both resized."""
    assert memory_ratios(RESULTS, "sharp-three") == {"a.jpg": 0.5, "b.jpg": 0.75}


def test_opposite_ratios_cancel_out() -> None:
    """Twice as fast and half as fast have a geometric mean of 1."""
    assert geometric_mean([2.0, 0.5]) == pytest.approx(1.0)


def test_the_built_artifact_is_measured(tmp_path: Path) -> None:
    """The built function and layer come before the source tree on the path."""
    built = BuiltFunction(tmp_path / "function", tmp_path / "layer", tmp_path / "python")
    path = built.environment["PYTHONPATH"].split(os.pathsep)
    assert path == [str(tmp_path / "function"), str(tmp_path / "layer" / "python"), str(PROJECT)]
    assert command(OURS, built) == [str(tmp_path / "python"), "-P", "-m", "bench.peers.serve", "ours"]


def test_the_benchmark_tunes_the_allocator_as_the_template_does() -> None:
    """The function's environment in the benchmark has the template's two variables."""
    assert set(allocator_settings(PROJECT / "template.yaml")) == {"MALLOC_TRIM_THRESHOLD_", "MALLOC_MMAP_MAX_"}
    function = Artifact(Path("code"), (), Tools(Path("emulator"), Path("python")), "http://127.0.0.1:1").function(512)
    assert function.environment.items() >= allocator_settings(PROJECT / "template.yaml").items()
