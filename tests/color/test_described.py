"""The right one of a file's colour descriptions is used, and an unknown one is ignored with a warning."""

from typing import Any

import numpy as np
import pytest

from resizer.color.described import (
    ADOBE_RGB,
    BT_2020,
    CHROMATICITIES,
    D50,
    DISPLAY_P3,
    PRIMARIES,
    SRGB,
    Colours,
    matrix_profile,
)
from resizer.color.srgb import source_colors
from resizer.model import CodePoints
from tests.support import float_colors
from tests.support.pictures import header

PROFILE = {"icc_profile": b"a profile"}
LIGHT = {"gamma": 1.0}
WIDE = {"gamma": 0.45455, "chromaticity": float_colors.ADOBE_RGB}
ADOBE = matrix_profile(Colours(ADOBE_RGB, 1 / 0.45455))
P3, LINEAR = matrix_profile(Colours(DISPLAY_P3)), matrix_profile(Colours(gamma=1.0))

H_273 = {  # table 2, without sRGB's primaries
    4: float_colors.NTSC_1953,
    5: (0.3127, 0.329, 0.64, 0.33, 0.29, 0.60, 0.15, 0.06),
    6: float_colors.BT_601,
    7: float_colors.BT_601,
    8: (0.310, 0.316, 0.681, 0.319, 0.243, 0.692, 0.145, 0.049),
    9: float_colors.BT_2020,
    11: (0.314, 0.351, 0.680, 0.320, 0.265, 0.690, 0.150, 0.060),
    12: float_colors.DISPLAY_P3,
    22: (0.3127, 0.329, 0.630, 0.340, 0.295, 0.605, 0.155, 0.077),
}


def chosen(
    info: dict[str, Any], codes: CodePoints | None = None, format_: str = "PNG"
) -> tuple[bytes | None, list[str]]:
    """The chosen profile, and the warnings."""
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
        (LIGHT, None, LINEAR),
        (WIDE, None, ADOBE),
        ({}, None, None),
    ],
)
def test_a_pngs_descriptions_have_an_order(
    info: dict[str, Any], codes: CodePoints | None, counts: bytes | None
) -> None:
    """cICP wins over iCCP, iCCP over sRGB, and sRGB over gAMA and cHRM; gAMA alone means sRGB's primaries."""
    assert chosen(info, codes) == (counts, [])


def test_after_an_incomplete_profile_the_next_description_counts() -> None:
    """If Pillow could not assemble a profile, a warning says so, and gAMA and cHRM count."""
    counts, (warning,) = chosen({"icc_profile": None, **WIDE})
    assert counts == ADOBE
    assert "profile" in warning


def test_a_profile_that_is_not_bytes_is_ignored() -> None:
    """A damaged TIFF may have a number in place of its profile, which is ignored with a warning."""
    for number in (7, (7, 8), "profile"):
        counts, (warning,) = chosen({"icc_profile": number}, format_="TIFF")
        assert counts is None
        assert "profile" in warning


def test_a_profile_wins_over_code_points_in_avif_and_heic() -> None:
    """In AVIF and HEIC an ICC profile wins over code points, which count if there is none."""
    for format_ in ("AVIF", "HEIF"):
        assert chosen(PROFILE, CodePoints(12, 13), format_) == (b"a profile", [])
        assert chosen({}, CodePoints(12, 13), format_) == (P3, [])


def test_known_spaces_are_recognised_by_their_chromaticities() -> None:
    """A cHRM close to a well-known space's means that space, because files round; sRGB's needs no conversion."""
    for points, space in CHROMATICITIES.items():
        for off in (0, 0.002, -0.002):
            near = tuple(each + off for each in points)
            gamma = None if space == SRGB else 2.2
            assert chosen({"chromaticity": near, "gamma": 1 / 2.2}) == (matrix_profile(Colours(space, gamma)), [])


def test_a_chrm_alone_is_ignored() -> None:
    """Without gAMA a cHRM is ignored, as in Chromium."""
    assert chosen({"chromaticity": float_colors.DISPLAY_P3}) == (None, [])


@pytest.mark.parametrize("primaries", PRIMARIES)
def test_the_columns_of_each_space_are_right(primaries: int) -> None:
    """Each space's columns follow from H.273's chromaticities, adapted to D50 with Bradford's matrix."""
    points = H_273.get(primaries, float_colors.SRGB)
    matrix, white = float_colors.to_xyz(points)
    gains = (float_colors.BRADFORD @ D50) / (float_colors.BRADFORD @ white)
    adapted = np.linalg.inv(float_colors.BRADFORD) @ np.diag(gains) @ float_colors.BRADFORD @ matrix
    assert np.abs(adapted.T - PRIMARIES[primaries]).max() < 0.0001


def test_a_gamma_close_to_srgb_needs_no_conversion() -> None:
    """A gAMA close to sRGB's needs no conversion, with or without sRGB's cHRM."""
    for gamma in (0.45455, 0.45, 0.4595):
        assert chosen({"gamma": gamma}) == (None, [])
        assert chosen({"gamma": gamma, "chromaticity": float_colors.SRGB}) == (None, [])


def test_code_points_give_primaries_and_curve() -> None:
    """Each known pair gives its primaries and exponent; curves like BT.709's, and unspecified ones, count as sRGB's."""
    curves = {4: 2.2, 5: 2.8, 8: 1.0} | dict.fromkeys((1, 2, 6, 7, 11, 12, 13, 14, 15))
    for format_ in ("PNG", "AVIF", "HEIF"):
        for primaries, space in PRIMARIES.items():
            for transfer, gamma in curves.items():
                colors = matrix_profile(Colours(space, gamma))
                assert (colors is None) == (space == SRGB and gamma is None)
                assert chosen({}, CodePoints(primaries, transfer), format_) == (colors, [])


def test_hdr_gives_a_warning() -> None:
    """HDR is converted from the right primaries, with a warning that it is not tone-mapped."""
    for format_ in ("PNG", "AVIF", "HEIF"):
        for transfer, name in ((16, "PQ"), (18, "HLG")):
            colours, (warning,) = chosen({}, CodePoints(9, transfer), format_)
            assert colours == matrix_profile(Colours(BT_2020))
            assert name in warning


def test_unknown_code_points_are_ignored() -> None:
    """Code points that are reserved or of an unknown space give a warning, and the next description counts."""
    unknown = [CodePoints(*pair) for pair in ((0, 0), (3, 13), (10, 13), (23, 13), (255, 255), (1, 3), (12, 17))]
    for codes in (*unknown, CodePoints(12, 13, 6)):
        for info, counts in (({}, None), (PROFILE, b"a profile"), (LIGHT, LINEAR)):
            colours, (warning,) = chosen(info, codes)
            assert colours == counts
            assert "ignored" in warning


def test_an_impossible_gamma_is_ignored() -> None:
    """A gAMA of 0, or one that no screen has, is ignored with a warning; a cHRM with it still counts."""
    for gamma in (0.0, 0.00001, 0.0999, 10.1, 42949.67295):
        colours, (warning,) = chosen({"gamma": gamma})
        assert colours is None
        assert "gAMA is ignored" in warning
        assert chosen({"gamma": gamma, "chromaticity": float_colors.DISPLAY_P3})[0] == P3


def test_unknown_chromaticities_are_ignored() -> None:
    """A cHRM of an unknown space, or of no possible device, is ignored with a warning; a gAMA with it still counts."""
    unknown = [(0.0,) * 8, (42949.67295,) * 8, (0.3127, 0.329) * 4, float_colors.PROPHOTO]
    for chromaticities in unknown:
        colours, (warning,) = chosen({"chromaticity": chromaticities, "gamma": 1.0})
        assert colours == LINEAR
        assert "cHRM is ignored" in warning
