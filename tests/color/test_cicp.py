"""Of all that a file says of its colours the right one counts, and what means nothing costs a warning."""

from __future__ import annotations

from typing import Any

import pytest

from resizer.color.cicp import BT_709, PRIMARIES, Colorimetry
from resizer.color.srgb import source_colors
from resizer.model import CodePoints
from tests.support import float_colors
from tests.support.pictures import header

P3 = Colorimetry(PRIMARIES[12])
PROFILE = {"icc_profile": b"a profile"}
LIGHT = {"gamma": 1.0}
WIDE = {"gamma": 0.45455, "chromaticity": float_colors.ADOBE_RGB}


def chosen(
    info: dict[str, Any], codes: CodePoints | None = None, format_: str = "PNG"
) -> tuple[bytes | Colorimetry | None, list[str]]:
    """What counts, and the warnings."""
    warnings: list[str] = []
    return source_colors(info, header(9, 9, format=format_, code_points=codes), warnings.append), warnings


@pytest.mark.parametrize(
    ("info", "codes", "counts"),
    [
        ({**PROFILE, **WIDE, "srgb": 0}, CodePoints(12, 13), P3),
        ({**PROFILE, **WIDE, "srgb": 0}, CodePoints(1, 13), None),
        ({**PROFILE, **WIDE, "srgb": 0}, None, b"a profile"),
        ({**PROFILE, **WIDE, "srgb": 0}, CodePoints(2, 2), b"a profile"),
        ({**WIDE, "srgb": 0}, None, None),
        (LIGHT, None, Colorimetry(gamma=1.0)),
        ({"chromaticity": float_colors.DISPLAY_P3}, None, Colorimetry(float_colors.DISPLAY_P3)),
        ({}, None, None),
    ],
)
def test_a_png_is_read_by_what_stands_first(
    info: dict[str, Any], codes: CodePoints | None, counts: bytes | Colorimetry | None
) -> None:
    """cICP goes before iCCP, that before sRGB, and that before gAMA and cHRM; a gAMA alone has sRGB's primaries."""
    assert chosen(info, codes) == (counts, [])


def test_a_profile_that_is_not_whole_leaves_its_place_to_what_comes_next() -> None:
    """Where Pillow could not put a profile together, a warning tells of it, and gAMA and cHRM count."""
    counts, (warning,) = chosen({"icc_profile": None, **WIDE})
    assert counts == Colorimetry(float_colors.ADOBE_RGB, 1 / 0.45455)
    assert "profile" in warning


@pytest.mark.parametrize("format_", ["AVIF", "HEIF"])
def test_a_profile_goes_before_code_points_elsewhere(format_: str) -> None:
    """In AVIF and HEIC an ICC profile wins over code points, which count where there is none."""
    assert chosen(PROFILE, CodePoints(12, 13), format_) == (b"a profile", [])
    assert chosen({}, CodePoints(12, 13), format_) == (P3, [])


@pytest.mark.parametrize(
    "info",
    [
        {"gamma": 0.45455},
        {"gamma": 0.45},
        {"gamma": 0.4595},
        {"gamma": 0.45455, "chromaticity": BT_709},
        {"gamma": 0.4546, "chromaticity": (0.31269, 0.32899, 0.63999, 0.33001, 0.3, 0.6, 0.15, 0.05999)},
        {"chromaticity": (0.3128, 0.3292, 0.6395, 0.3301, 0.3002, 0.5995, 0.1502, 0.0603)},
    ],
)
def test_numbers_that_mean_srgb_are_srgb(info: dict[str, Any]) -> None:
    """A gAMA and a cHRM near enough to sRGB's need no conversion."""
    assert chosen(info) == (None, [])


@pytest.mark.parametrize("transfer", [1, 2, 6, 7, 11, 12, 13, 14, 15])
@pytest.mark.parametrize("primaries", [1, 2])
def test_code_points_of_sdr_video_are_srgb(primaries: int, transfer: int) -> None:
    """BT.709 and its kin, and what is left unspecified, are shown as sRGB is."""
    for format_ in ("PNG", "AVIF", "HEIF"):
        assert chosen({}, CodePoints(primaries, transfer), format_) == (None, [])


@pytest.mark.parametrize(("transfer", "gamma"), [(4, 2.2), (5, 2.8), (8, 1.0), (13, None), (1, None)])
@pytest.mark.parametrize("primaries", sorted(set(PRIMARIES) - {1, 2}))
def test_code_points_give_primaries_and_curve(primaries: int, transfer: int, gamma: float | None) -> None:
    """Each known pair of code points gives its primaries and its exponent."""
    assert chosen({}, CodePoints(primaries, transfer), "AVIF") == (Colorimetry(PRIMARIES[primaries], gamma), [])


def test_narrow_range_is_no_srgb() -> None:
    """A PNG whose samples leave room beneath black is not taken for sRGB."""
    assert chosen({}, CodePoints(1, 13, narrow=True)) == (Colorimetry(narrow=True), [])


@pytest.mark.parametrize(("transfer", "name"), [(16, "PQ"), (18, "HLG")])
@pytest.mark.parametrize("format_", ["PNG", "AVIF", "HEIF"])
def test_hdr_is_told_of(format_: str, transfer: int, name: str) -> None:
    """HDR comes out in the right primaries, with a warning that it is not tone-mapped."""
    colors, warnings = chosen({}, CodePoints(9, transfer), format_)
    assert colors == Colorimetry(PRIMARIES[9])
    assert len(warnings) == 1
    assert name in warnings[0]


@pytest.mark.parametrize(
    "codes",
    [*(CodePoints(*pair) for pair in ((0, 0), (3, 13), (10, 13), (255, 255), (1, 3), (12, 17))), CodePoints(12, 13, 6)],
)
def test_code_points_that_mean_nothing_are_ignored(codes: CodePoints) -> None:
    """Code points that are reserved, or not known, cost a warning, and what stands next counts."""
    for info, counts in (({}, None), (PROFILE, b"a profile"), (LIGHT, Colorimetry(gamma=1.0))):
        colors, warnings = chosen(info, codes)
        assert (colors, len(warnings)) == (counts, 1)
        assert "ignored" in warnings[0]


@pytest.mark.parametrize("gamma", [0.0, 0.00001, 0.0999, 10.1, 42949.67295])
def test_an_absurd_gamma_is_ignored(gamma: float) -> None:
    """A gAMA that no screen has, and 0, costs a warning and nothing else: primaries beside it count."""
    colors, warnings = chosen({"gamma": gamma})
    assert (colors, len(warnings)) == (None, 1)
    assert "gAMA is ignored" in warnings[0]
    assert chosen({"gamma": gamma, "chromaticity": float_colors.DISPLAY_P3})[0] == Colorimetry(float_colors.DISPLAY_P3)


ABSURD = {
    "all zero": (0.0,) * 8,
    "all the largest": (42949.67295,) * 8,
    "white of no luminance": (0.3127, 0.0, *BT_709[2:]),
    "white like no light": (0.05, 0.9, *BT_709[2:]),
    "white outside of the primaries": (0.45, 0.45, 0.3, 0.3, 0.2, 0.4, 0.15, 0.06),
    "primaries on one line": (0.3127, 0.329, 0.1, 0.1, 0.3, 0.3, 0.5, 0.5),
    "primaries on one point": (0.3127, 0.329) * 4,
    "a triangle next to nothing": (0.3127, 0.329, 0.3, 0.32, 0.33, 0.33, 0.31, 0.34),
    "a primary beyond colours": (0.3127, 0.329, 0.9, 0.9, 0.3, 0.6, 0.15, 0.06),
    "a negative number in an unsigned field": (0.3127, 0.329, 0.7347, 0.2653, 0.0, 1.0, 0.0001, 42949.59595),
}


@pytest.mark.parametrize("kind", ABSURD)
def test_absurd_chromaticities_are_ignored(kind: str) -> None:
    """A cHRM that no device has costs a warning and nothing else: the gamma beside it counts."""
    colors, warnings = chosen({"chromaticity": ABSURD[kind], "gamma": 1.0})
    assert colors == Colorimetry(gamma=1.0)
    assert len(warnings) == 1
    assert "cHRM is ignored" in warnings[0]
