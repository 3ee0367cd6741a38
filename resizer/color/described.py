"""Colour spaces that a file describes by numbers instead of an ICC profile, if they are well known."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from resizer.model import CodePoints

SRGB, DISPLAY_P3, BT_2020, ADOBE_RGB = "sRGB", "Display P3", "BT.2020", "Adobe RGB"
# CIE 1931 x and y of white, red, green and blue, from each space's own standard.
CHROMATICITIES: Final = {
    SRGB: (0.3127, 0.329, 0.64, 0.33, 0.30, 0.60, 0.15, 0.06),
    DISPLAY_P3: (0.3127, 0.329, 0.680, 0.320, 0.265, 0.690, 0.150, 0.060),
    BT_2020: (0.3127, 0.329, 0.708, 0.292, 0.170, 0.797, 0.131, 0.046),
    ADOBE_RGB: (0.3127, 0.329, 0.64, 0.33, 0.21, 0.71, 0.15, 0.06),
}
SAME_CHROMATICITY: Final = 0.003
# Primaries by ITU-T H.273, table 2; 2 is unspecified. Those of BT.601 (5 to 7) are next to sRGB's.
PRIMARIES: Final = dict.fromkeys((1, 2, 5, 6, 7), SRGB) | {9: BT_2020, 12: DISPLAY_P3}
UNSPECIFIED: Final = 2
HDR: Final = {16: "PQ", 18: "HLG"}
# Exponents by ITU-T H.273, table 3; None is sRGB's curve. So are those of BT.709 and its kin taken: they say how a
# camera codes light, not how a screen shows it, and many encoders have written them over pixels of sRGB. Chromium does
# the same in AVIFs, though not in PNGs. HDR is shown as it is coded, for want of tone mapping.
GAMMAS: Final = dict.fromkeys((1, UNSPECIFIED, 6, 7, 11, 12, 13, 14, 15, *HDR)) | {4: 2.2, 5: 2.8, 8: 1.0}
SRGB_GAMMA: Final = 1 / 2.2  # PNG's gAMA for sRGB, an approximation
SAME_GAMMA: Final = 0.005  # moves mid-tones by one of 255
GAMMA_RANGE: Final = (0.1, 10.0)  # of any screen


class Colours(NamedTuple):
    """A colour space: its `primaries` by name, and the exponent `gamma` from samples to light.

    `gamma` None is sRGB's curve. If `narrow`, black is 16 of 255 and white 235.
    """

    primaries: str = SRGB
    gamma: float | None = None
    narrow: bool = False


def by_code_points(codes: CodePoints | None, warn: Callable[[str], None]) -> Colours | None:
    """The colour space of code points; None if unspecified. Calls `warn` for unknown ones, and for HDR."""
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
    return Colours(PRIMARIES[codes.primaries], GAMMAS[codes.transfer], codes.narrow)


def by_chunks(info: Mapping[Any, Any], warn: Callable[[str], None]) -> Colours:
    """The colour space of a PNG's cHRM and gAMA; unknown values become sRGB's, with a warning."""
    primaries, gamma = SRGB, None
    given = info.get("chromaticity")
    if isinstance(given, tuple):
        known = next((name for name, points in CHROMATICITIES.items() if _is_near(given, points)), None)
        if known is None:
            warn("The cHRM is ignored: its primaries are those of no well-known space.")
        primaries = known or SRGB
    exponent = info.get("gamma")
    if isinstance(exponent, float) and (primaries != SRGB or abs(exponent - SRGB_GAMMA) > SAME_GAMMA):
        if GAMMA_RANGE[0] <= exponent <= GAMMA_RANGE[1]:
            gamma = 1 / exponent
        else:
            warn("The gAMA is ignored: no device has such a gamma.")
    return Colours(primaries, gamma)


def _is_near(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    return all(abs(a - b) <= SAME_CHROMATICITY for a, b in zip(one, other, strict=False))
