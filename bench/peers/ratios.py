"""Resizer's CPU time, memory and quality compared with those of each peer, and the targets."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from bench.peers.comparison import PeerResult
from bench.peers.worker import FLOOR, OURS


@dataclass(frozen=True, slots=True)
class Target:
    """The highest CPU ratios that are acceptable: the geometric mean of all photos, and the worst photo."""

    mean: float
    worst: float


@dataclass(frozen=True, slots=True)
class Ratio:
    """Resizer's lowest CPU time divided by a peer's: the geometric mean of all photos, and the worst photo.

    `median_mean` uses the median times instead: the difference shows how noisy the run was.
    """

    mean: float
    worst: float
    worst_photo: str
    median_mean: float
    target: Target | None

    @property
    def meets_target(self) -> bool:
        """Whether both figures are within the target, if there is one."""
        return not self.target or (self.mean <= self.target.mean and self.worst <= self.target.worst)


TARGETS: Final = {
    "sharp-three": Target(0.42, 0.58),
    "sharp-best": Target(0.55, 1.00),
    "tutorial": Target(0.18, 0.36),
    FLOOR: Target(1.5, 2.0),
}
MAX_MEMORY_RATIO: Final = 0.55  # of sharp's memory, on every JPEG


def ratio(results: Sequence[PeerResult], peer: str) -> Ratio | None:
    """Compare the CPU times on the photos that both resized; None if there are none."""
    both = pairs(results, peer)
    if not both:
        return None
    ratios = [(ours.cpu_ms / theirs.cpu_ms, ours.photo) for ours, theirs in both]
    worst, photo = max(ratios)
    medians = [ours.cpu_median_ms / theirs.cpu_median_ms for ours, theirs in both]
    return Ratio(geometric_mean([each for each, _ in ratios]), worst, photo, geometric_mean(medians), TARGETS.get(peer))


def pairs(results: Sequence[PeerResult], peer: str) -> list[tuple[PeerResult, PeerResult]]:
    """Resizer's result and the peer's for each photo that both resized."""
    ours = {each.photo: each for each in results if each.contender == OURS}
    return [(ours[each.photo], each) for each in results if each.contender == peer and each.photo in ours]


def geometric_mean(values: Sequence[float]) -> float:
    """The mean of ratios. There must be at least one, and all must be positive."""
    return math.exp(sum(map(math.log, values)) / len(values))


def lower_quality_photos(results: Sequence[PeerResult], peer: str) -> list[str]:
    """The photos on which Resizer's PSNR is lower than the peer's by more than 0.1 dB."""
    return [
        ours.photo
        for ours, theirs in pairs(results, peer)
        if ours.psnr and theirs.psnr and ours.psnr < theirs.psnr - 0.1
    ]


def memory_ratios(results: Sequence[PeerResult], peer: str) -> dict[str, float]:
    """Resizer's peak memory divided by the peer's, by photo."""
    return {ours.photo: ours.peak_bytes / theirs.peak_bytes for ours, theirs in pairs(results, peer)}
