"""A profile built from numbers converts as plain formulas do."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image, ImageCms

from resizer.color.cicp import PRIMARIES, Colorimetry
from resizer.color.icc import matrix_profile
from resizer.color.srgb import to_srgb
from tests.support import float_colors
from tests.support.float_colors import converted, delta_e

if TYPE_CHECKING:
    from collections.abc import Sequence

LEVELS = sorted({*range(0, 256, 17), 1, 2, 3, 5, 8, 11, 14})  # the dark ones are where curves go wrong
CUBE = np.stack(np.meshgrid(LEVELS, LEVELS, LEVELS, indexing="ij"), axis=-1).reshape(-1, len(LEVELS), 3)
SPACES = {
    **{f"H.273 primaries {code}": chromaticities for code, chromaticities in PRIMARIES.items()},
    "Adobe RGB": float_colors.ADOBE_RGB,
    "ProPhoto": float_colors.PROPHOTO,
}
GAMMAS = [None, 1.0, 1.8, 2.2, 2.8]


def never(warning: str) -> None:
    raise AssertionError(warning)


@pytest.mark.parametrize("narrow", [0, 1])
@pytest.mark.parametrize("gamma", GAMMAS)
@pytest.mark.parametrize("space", SPACES)
def test_colours_come_out_as_the_formulas_have_them(space: str, gamma: float | None, narrow: int) -> None:
    """No colour of any space, with any curve and range, is 2 delta E from what plain formulas make of it."""
    image = Image.fromarray(CUBE.astype(np.uint8))
    made = to_srgb(image, Colorimetry(SPACES[space], gamma, bool(narrow)), never)
    assert delta_e(np.asarray(made), converted(CUBE, SPACES[space], gamma, narrow=bool(narrow))).max() < 2


@pytest.mark.parametrize("gamma", [*GAMMAS, 0.5])
def test_grey_comes_out_as_the_formulas_have_it(gamma: float | None) -> None:
    """Each of 256 greys, whatever the curve, is the nearest that sRGB has, and stays grey of one byte a pixel."""
    ramp = np.arange(256, dtype=np.uint8)[np.newaxis]
    made = to_srgb(Image.fromarray(ramp), Colorimetry(float_colors.DISPLAY_P3, gamma), never)
    wanted = converted(np.stack([ramp] * 3, axis=-1), float_colors.SRGB, gamma)[..., 0]
    assert made.mode == "L"
    assert np.abs(np.asarray(made, dtype=float) - wanted).max() < 0.6


def test_transparency_stays_as_it_is() -> None:
    """The colours of RGBA are converted, and what is transparent is so as before."""
    image = Image.fromarray(CUBE.astype(np.uint8)).convert("RGBA")
    alpha = Image.linear_gradient("L").resize(image.size)
    image.putalpha(alpha)
    made = to_srgb(image, Colorimetry(float_colors.BT_2020), never)
    assert made.mode == "RGBA"
    assert made.getchannel("A").tobytes() == alpha.tobytes()
    assert delta_e(np.asarray(made.convert("RGB")), converted(CUBE, float_colors.BT_2020, None)).max() < 2


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA"])
def test_colours_that_are_srgb_cost_no_conversion(mode: str) -> None:
    """An image that is sRGB by its numbers is given back as the very same."""
    image = Image.new(mode, (9, 9))
    assert to_srgb(image, Colorimetry(float_colors.SRGB), never) is image


@pytest.mark.parametrize("space", ["RGB ", "GRAY"])
def test_the_profile_is_one_that_others_can_read(space: str) -> None:
    """It is a display's profile for the space it is asked for, of its declared length, and its white is D50."""
    data = matrix_profile(Colorimetry(float_colors.DISPLAY_P3, 2.2), grey=space == "GRAY")
    profile = ImageCms.ImageCmsProfile(io.BytesIO(data)).profile
    assert int.from_bytes(data[:4], "big") == len(data)
    assert (profile.xcolor_space, profile.device_class, profile.connection_space) == (space, "mntr", "XYZ ")
    assert profile.media_white_point
    assert profile.media_white_point[0] == pytest.approx((0.9642, 1.0, 0.8249), abs=1e-4)


def hostile_edges() -> list[tuple[float, ...]]:
    """Chromaticities at the very edge of what is taken: odd whites, flat triangles, primaries with no luminance."""
    whites = [(0.2, 0.5), (0.5, 0.4), (0.5, 0.25), (0.2, 0.25), (0.4, 0.5)]
    triangles = [(1, 0, 0, 1, 0, 0), (1.0, 0.0, 0.0, 0.9, 0.05, 0.02), (0, 0, 1, 0, 0, 1)]
    taken = []
    for white in whites:
        for triangle in triangles:
            try:
                taken.append(Colorimetry((*white, *triangle)).chromaticities)
            except ValueError:
                continue
    return taken


@pytest.mark.parametrize("gamma", [0.1, 10.0])
def test_the_oddest_that_are_taken_leave_black_and_white(gamma: float) -> None:
    """Whatever chromaticities and gamma are taken at all, black stays black and white stays white."""
    edges = hostile_edges()
    assert len(edges) > 8
    ends = np.array([[[0, 0, 0], [255, 255, 255]]], dtype=np.uint8)
    for chromaticities in edges:
        made: Sequence[Sequence[Sequence[int]]] = np.asarray(
            to_srgb(Image.fromarray(ends), Colorimetry(chromaticities, gamma), never)
        ).tolist()
        assert np.abs(np.asarray(made, dtype=int) - ends).max() <= 2, chromaticities
