"""From standings to ratios, and whether they are where they have to be."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from bench.peers.worker import FLOOR, OURS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.peers.contest import Standing


@dataclass(frozen=True, slots=True)
class Target:
    """Ours over a peer's CPU: geometric mean over all photos and worst of them, at most."""

    contender: str
    mean: float
    worst: float


@dataclass(frozen=True, slots=True)
class Ratio:
    """Ours over a peer, by least CPU: geometric mean, worst, and the photo that is worst."""

    contender: str
    mean: float
    worst: float
    worst_photo: str
    median_mean: float  # of the medians: how much the noise matters


TARGETS: Final = (
    Target("sharp-three", 0.42, 0.58),
    Target("sharp-best", 0.55, 1.00),
    Target("tutorial", 0.18, 0.36),
    Target(FLOOR, 1.5, 2.0),
)
MEMORY_OF_SHARP: Final = 0.55  # on every JPEG, at most


def ratio(standings: Sequence[Standing], contender: str) -> Ratio | None:
    """Ours against one peer over the photos that both did; None where there are none."""
    ours = {each.photo: each for each in standings if each.contender == OURS}
    pairs = [(ours[each.photo], each) for each in standings if each.contender == contender and each.photo in ours]
    if not pairs:
        return None
    ratios = [(mine.cpu_ms / theirs.cpu_ms, mine.photo) for mine, theirs in pairs]
    worst, photo = max(ratios)
    medians = [mine.cpu_median_ms / theirs.cpu_median_ms for mine, theirs in pairs]
    return Ratio(contender, geometric_mean([each for each, _ in ratios]), worst, photo, geometric_mean(medians))


def geometric_mean(values: Sequence[float]) -> float:
    """The mean of ratios. `values` are positive and at least one."""
    return math.exp(sum(map(math.log, values)) / len(values))


def blurrier_than(standings: Sequence[Standing], contender: str) -> list[str]:
    """The photos on which ours has a lower PSNR than a peer, beyond a tenth of a dB."""
    theirs = {each.photo: each.psnr for each in standings if each.contender == contender and each.psnr}
    return [
        each.photo
        for each in standings
        if each.contender == OURS and each.psnr and each.photo in theirs and each.psnr < theirs[each.photo] - 0.1
    ]


def memory_ratios(standings: Sequence[Standing], contender: str) -> dict[str, float]:
    """Our peak memory over a peer's, by photo."""
    theirs = {each.photo: each.peak_bytes for each in standings if each.contender == contender}
    return {
        each.photo: each.peak_bytes / theirs[each.photo]
        for each in standings
        if each.contender == OURS and each.photo in theirs
    }
