"""What an image's colours are by the numbers that its file gives in the place of a profile."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from resizer.model import CodePoints

D65: Final = (0.3127, 0.329)
ILLUMINANT_C: Final = (0.310, 0.316)
BT_709: Final = (*D65, 0.64, 0.33, 0.30, 0.60, 0.15, 0.06)  # sRGB's too
BT_601: Final = (*D65, 0.630, 0.340, 0.310, 0.595, 0.155, 0.070)
UNSPECIFIED: Final = 2
# White, red, green and blue by ITU-T H.273, table 2. What is not here is CIE XYZ (10) or not given out.
PRIMARIES: Final = {
    1: BT_709,
    UNSPECIFIED: BT_709,
    4: (*ILLUMINANT_C, 0.67, 0.33, 0.21, 0.71, 0.14, 0.08),
    5: (*D65, 0.64, 0.33, 0.29, 0.60, 0.15, 0.06),
    6: BT_601,
    7: BT_601,
    8: (*ILLUMINANT_C, 0.681, 0.319, 0.243, 0.692, 0.145, 0.049),
    9: (*D65, 0.708, 0.292, 0.170, 0.797, 0.131, 0.046),
    11: (0.314, 0.351, 0.680, 0.320, 0.265, 0.690, 0.150, 0.060),
    12: (*D65, 0.680, 0.320, 0.265, 0.690, 0.150, 0.060),
    22: (*D65, 0.630, 0.340, 0.295, 0.605, 0.155, 0.077),
}
HDR: Final = {16: "PQ", 18: "HLG"}
# Exponents by ITU-T H.273, table 3; None is sRGB's curve. So are those of BT.709 and its kin taken: they say how a
# camera codes light, not how a screen shows it, and many encoders have written them over pixels of sRGB. Chromium does
# the same. HDR is shown as it is coded, for want of tone mapping.
GAMMAS: Final = dict.fromkeys((1, UNSPECIFIED, 6, 7, 11, 12, 13, 14, 15, *HDR)) | {4: 2.2, 5: 2.8, 8: 1.0}
SRGB_GAMMA: Final = 1 / 2.2  # as PNG's gAMA has it for sRGB, in want of its curve
SAME_GAMMA: Final = 0.005  # moves mid-tones by one of 255
SAME_CHROMATICITY: Final = 0.003
GAMMA_RANGE: Final = (0.1, 10.0)
LEAST_AREA: Final = 0.01  # of the triangle of primaries in CIE x and y; sRGB's is 0.11
LEAST_SHARE: Final = 0.01  # of each primary in white
# Where white can be in CIE x and y: candles and a blue sky are within, and Bradford's cones all respond.
WHITE_X: Final = (0.2, 0.5)
WHITE_Y: Final = (0.25, 0.5)
WHITE_X_AND_Y: Final = 0.9


@dataclass(frozen=True, slots=True)
class Colorimetry:
    """How samples stand for colours.

    `chromaticities` are CIE 1931 x and y of white, red, green and blue, `gamma` is the exponent from samples to light
    (None: sRGB's curve), `narrow` says that black is 16 of 255 and white 235. Raises `ValueError` for what no device
    has, or no conversion can start from.
    """

    chromaticities: tuple[float, ...] = BT_709
    gamma: float | None = None
    narrow: bool = False

    def __post_init__(self) -> None:
        xs, ys = self.chromaticities[::2], self.chromaticities[1::2]
        x, y = xs[0], ys[0]
        if not (WHITE_X[0] <= x <= WHITE_X[1] and WHITE_Y[0] <= y <= WHITE_Y[1] and x + y <= WHITE_X_AND_Y):
            raise ValueError("no light is such a white")
        if not all(x >= 0 and y >= 0 and x + y <= 1 for x, y in zip(xs, ys, strict=True)):
            raise ValueError("its primaries are no colours")
        if min(self.shares) < LEAST_SHARE:
            raise ValueError("its primaries do not make its white")
        if self.gamma is not None and not GAMMA_RANGE[0] <= 1 / self.gamma <= GAMMA_RANGE[1]:
            raise ValueError("no device has such a gamma")

    @property
    def shares(self) -> tuple[float, float, float]:
        """How much of red, green and blue makes white: its barycentric coordinates in their triangle."""
        x, y, red_x, red_y, green_x, green_y, blue_x, blue_y = self.chromaticities
        area = (green_x - red_x) * (blue_y - red_y) - (blue_x - red_x) * (green_y - red_y)
        if abs(area) / 2 < LEAST_AREA:
            return 0, 0, 0
        green = ((x - red_x) * (blue_y - red_y) - (blue_x - red_x) * (y - red_y)) / area
        blue = ((green_x - red_x) * (y - red_y) - (x - red_x) * (green_y - red_y)) / area
        return 1 - green - blue, green, blue


SRGB: Final = Colorimetry()


def by_code_points(codes: CodePoints | None, warn: Callable[[str], None]) -> Colorimetry | None:
    """What code points say; None where that is nothing. `warn` is told of what is not known, and of HDR."""
    if codes is None or codes.primaries == codes.transfer == UNSPECIFIED:
        return None
    if codes.primaries not in PRIMARIES or codes.transfer not in GAMMAS or codes.matrix:
        warn(
            f"The colour code points are ignored: primaries {codes.primaries}, transfer {codes.transfer} and matrix "
            f"{codes.matrix} are not known together."
        )
        return None
    if codes.transfer in HDR:
        warn(f"The picture is HDR ({HDR[codes.transfer]}) and not tone-mapped: its renditions look flat.")
    return Colorimetry(PRIMARIES[codes.primaries], GAMMAS[codes.transfer], codes.narrow)


def by_chunks(info: Mapping[Any, Any], warn: Callable[[str], None]) -> Colorimetry:
    """What a PNG's gAMA and cHRM say; each that means nothing is taken for sRGB's, and `warn` told."""
    chromaticities: tuple[float, ...] = BT_709
    gamma = None
    given = info.get("chromaticity")
    if isinstance(given, tuple) and not _is_near(given, BT_709):
        chromaticities = _or_srgb("cHRM", lambda: Colorimetry(given), warn).chromaticities
    exponent = info.get("gamma")
    if isinstance(exponent, float) and (chromaticities != BT_709 or abs(exponent - SRGB_GAMMA) > SAME_GAMMA):
        gamma = _or_srgb("gAMA", lambda: Colorimetry(gamma=1 / exponent), warn).gamma
    return Colorimetry(chromaticities, gamma)


def _is_near(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    return all(abs(a - b) <= SAME_CHROMATICITY for a, b in zip(one, other, strict=True))


def _or_srgb(chunk: str, make: Callable[[], Colorimetry], warn: Callable[[str], None]) -> Colorimetry:
    try:
        return make()
    except (ValueError, ZeroDivisionError) as problem:
        warn(f"The PNG's {chunk} is ignored: {problem}.")
        return SRGB
