"""Builds ICC profiles for well-known colour spaces that a file describes with numbers."""

import struct
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, Final, NamedTuple

from resizer.model import CodePoints

# CIE XYZ of red, green and blue, adapted to D50 by Bradford's matrix, as the spaces' own profiles have them.
SRGB: Final = ((0.43604, 0.22248, 0.01392), (0.38511, 0.71691, 0.09707), (0.14305, 0.06061, 0.71391))
DISPLAY_P3: Final = ((0.51512, 0.24119, -0.00105), (0.29198, 0.69224, 0.04188), (0.1571, 0.06657, 0.78407))
BT_2020: Final = ((0.67348, 0.27904, -0.00193), (0.16567, 0.67534, 0.02998), (0.12505, 0.04561, 0.79685))
ADOBE_RGB: Final = ((0.60974, 0.31111, 0.01947), (0.20527, 0.62568, 0.06087), (0.14919, 0.06321, 0.74456))
NTSC: Final = ((0.41629, 0.22168, 0.01365), (0.39320, 0.70328, 0.09133), (0.15471, 0.07504, 0.71993))
# The same by the primaries' numbers in ITU-T H.273, table 2: 2 is unspecified, 5 is PAL, 8 film, and 11 DCI-P3.
PRIMARIES: Final = {
    1: SRGB,
    2: SRGB,
    4: ((0.63446, 0.31100, -0.00118), (0.18513, 0.59149, 0.05551), (0.14460, 0.09751, 0.77058)),
    5: ((0.45525, 0.23228, 0.01453), (0.36760, 0.70782, 0.10487), (0.14136, 0.05990, 0.70549)),
    6: NTSC,
    7: NTSC,
    8: ((0.56565, 0.26424, -0.00132), (0.25388, 0.68508, 0.05498), (0.14467, 0.05068, 0.77124)),
    9: BT_2020,
    11: ((0.48616, 0.22668, -0.00080), (0.32385, 0.71033, 0.04324), (0.15419, 0.06298, 0.78247)),
    12: DISPLAY_P3,
    22: ((0.45427, 0.24190, 0.01489), (0.35332, 0.67365, 0.09062), (0.15662, 0.08445, 0.71939)),
}
# CIE 1931 x and y of white, red, green and blue, from each space's own standard.
CHROMATICITIES: Final = {
    (0.3127, 0.329, 0.64, 0.33, 0.30, 0.60, 0.15, 0.06): SRGB,
    (0.3127, 0.329, 0.680, 0.320, 0.265, 0.690, 0.150, 0.060): DISPLAY_P3,
    (0.3127, 0.329, 0.708, 0.292, 0.170, 0.797, 0.131, 0.046): BT_2020,
    (0.3127, 0.329, 0.64, 0.33, 0.21, 0.71, 0.15, 0.06): ADOBE_RGB,
}
D50: Final = (0.9642, 1.0, 0.8249)  # ICC.1:2022, 7.2.16
HEADER, POINT = 128, 20  # bytes
POINTS, CURVES = (b"wtpt", b"rXYZ", b"gXYZ", b"bXYZ"), (b"rTRC", b"gTRC", b"bTRC")  # tags of a profile
CHROMATICITY_TOLERANCE: Final = 0.003
UNSPECIFIED: Final = 2
HDR: Final = {16: "PQ", 18: "HLG"}
# Exponents by ITU-T H.273, table 3; None is sRGB's curve. We also use that curve for BT.709 and similar transfers: they
# define how a camera encodes light, not how a screen shows it, and many encoders name them for pixels that are sRGB.
# Chromium does the same for AVIFs, but not for PNGs. HDR is not tone-mapped: samples are used as they are.
GAMMAS: Final = dict.fromkeys((1, UNSPECIFIED, 6, 7, 11, 12, 13, 14, 15, *HDR)) | {4: 2.2, 5: 2.8, 8: 1.0}
SRGB_GAMMA: Final = 1 / 2.2  # PNG's gAMA for sRGB, an approximation
GAMMA_TOLERANCE: Final = 0.005  # changes mid-tones by one of 255
GAMMA_RANGE: Final = (0.1, 10.0)  # of all devices


Point = tuple[float, float, float]


class Colours(NamedTuple):
    """A colour space: the XYZ of its primaries, and the exponent `gamma` from samples to light (None: sRGB's curve)."""

    primaries: tuple[Point, ...] = SRGB
    gamma: float | None = None


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
    return Colours(PRIMARIES[codes.primaries], GAMMAS[codes.transfer])


def by_chunks(info: Mapping[Any, Any], warn: Callable[[str], None]) -> Colours:
    """The colour space of a PNG's cHRM and gAMA; unknown values become sRGB's, with a warning."""
    primaries, gamma = SRGB, None
    given = info.get("chromaticity")
    if isinstance(given, tuple):
        known = next((space for points, space in CHROMATICITIES.items() if _is_near(given, points)), None)
        if known is None:
            warn("The cHRM is ignored: its primaries are not those of a well-known colour space.")
        primaries = known or SRGB
    exponent = info.get("gamma")
    if isinstance(exponent, float) and (primaries != SRGB or abs(exponent - SRGB_GAMMA) > GAMMA_TOLERANCE):
        if GAMMA_RANGE[0] <= exponent <= GAMMA_RANGE[1]:
            gamma = 1 / exponent
        else:
            warn("The gAMA is ignored: no device has such a gamma.")
    return Colours(primaries, gamma)


@lru_cache(maxsize=16)
def matrix_profile(colours: Colours) -> bytes | None:
    """An ICC profile (ICC.1:2022, version 4.2) for this colour space; None for sRGB.

    Only this process uses it, so it has no name and no copyright.
    """
    if colours == Colours():
        return None
    curve = _curve(colours.gamma)
    body = b"".join(b"XYZ " + bytes(4) + _numbers(*point) for point in (D50, *colours.primaries)) + curve
    begin = HEADER + 4 + 12 * len(POINTS + CURVES)
    table = struct.pack(">I", len(POINTS + CURVES))
    for number, name in enumerate(POINTS):
        table += name + struct.pack(">II", begin + POINT * number, POINT)
    for name in CURVES:
        table += name + struct.pack(">II", begin + POINT * len(POINTS), len(curve))
    size = struct.pack(">I", begin + len(body))
    head = size + bytes(4) + b"\4\x20\0\0mntrRGB XYZ " + bytes(12) + b"acsp" + bytes(28) + _numbers(*D50)
    return head.ljust(HEADER, b"\0") + table + body


def _curve(gamma: float | None) -> bytes:
    """A parametric curve from samples to light (10.18): a plain exponent, or sRGB's by IEC 61966-2-1."""
    if gamma is not None:
        return b"para" + bytes(8) + _numbers(gamma)
    return b"para" + bytes(4) + b"\0\3\0\0" + _numbers(2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)


def _numbers(*numbers: float) -> bytes:
    return b"".join(struct.pack(">i", round(number * 65_536)) for number in numbers)


def _is_near(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    return all(abs(a - b) <= CHROMATICITY_TOLERANCE for a, b in zip(one, other, strict=False))
