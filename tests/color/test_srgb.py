"""A profile for well-known colours converts as plain formulas do."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image, ImageCms

from resizer.color.described import BT_2020, CHROMATICITIES, DISPLAY_P3, Colours, matrix_profile
from resizer.color.srgb import to_srgb
from tests.support.float_colors import converted, delta_e

LEVELS = sorted({*range(0, 256, 17), 1, 2, 3, 5, 8, 11, 14})  # the dark ones are where curves go wrong
CUBE = np.stack(np.meshgrid(LEVELS, LEVELS, LEVELS, indexing="ij"), axis=-1).reshape(-1, len(LEVELS), 3)
GAMMAS = [None, 1.0, 1.8, 2.2, 2.8]


def never(warning: str) -> None:
    raise AssertionError(warning)


def test_colours_come_out_as_the_formulas_have_them() -> None:
    """No colour of any space, with any curve, is 2 delta E from what plain formulas make of it."""
    image = Image.fromarray(CUBE.astype(np.uint8))
    for name, points in CHROMATICITIES.items():
        for gamma in GAMMAS:
            made = to_srgb(image, matrix_profile(Colours(name, gamma)), never)
            assert delta_e(np.asarray(made), converted(CUBE, points, gamma)).max() < 2, (name, gamma)


def test_grey_comes_out_as_the_formulas_have_it() -> None:
    """Each of 256 greys, whatever the curve, is the nearest that sRGB has, and stays grey of one byte a pixel."""
    ramp = np.arange(256, dtype=np.uint8)[np.newaxis]
    for gamma in (*GAMMAS, 0.5):
        made = to_srgb(Image.fromarray(ramp), matrix_profile(Colours(DISPLAY_P3, gamma)), never)
        wanted = converted(np.stack([ramp] * 3, axis=-1), CHROMATICITIES["sRGB"], gamma)[..., 0]
        assert made.mode == "L"
        assert np.abs(np.asarray(made, dtype=float) - wanted).max() < 0.6, gamma


def test_transparency_stays_as_it_is() -> None:
    """The colours of RGBA are converted, and what is transparent is so as before."""
    image = Image.fromarray(CUBE.astype(np.uint8)).convert("RGBA")
    alpha = Image.linear_gradient("L").resize(image.size)
    image.putalpha(alpha)
    made = to_srgb(image, matrix_profile(Colours(BT_2020)), never)
    assert made.mode == "RGBA"
    assert made.getchannel("A").tobytes() == alpha.tobytes()
    assert delta_e(np.asarray(made.convert("RGB")), converted(CUBE, CHROMATICITIES[BT_2020], None)).max() < 2


def test_colours_that_are_srgb_cost_no_conversion() -> None:
    """An image that is sRGB by its numbers is given back as the very same."""
    for mode in ("L", "RGB", "RGBA"):
        image = Image.new(mode, (9, 9))
        assert to_srgb(image, matrix_profile(Colours()), never) is image


def test_the_profile_is_one_that_others_can_read() -> None:
    """It is a display's profile for RGB, of its declared length, and its white is D50."""
    data = matrix_profile(Colours(DISPLAY_P3, 2.2))
    assert data
    profile = ImageCms.ImageCmsProfile(io.BytesIO(data)).profile
    assert int.from_bytes(data[:4], "big") == len(data)
    assert (profile.xcolor_space, profile.device_class, profile.connection_space) == ("RGB ", "mntr", "XYZ ")
    assert profile.media_white_point
    assert profile.media_white_point[0] == pytest.approx((0.9642, 1.0, 0.8249), abs=1e-4)
