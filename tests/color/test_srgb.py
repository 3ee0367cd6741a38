"""Our profiles of well-known colour spaces convert like plain formulas."""

import io

import numpy as np
import pytest
from PIL import Image, ImageCms

from resizer.color.described import BT_2020, CHROMATICITIES, DISPLAY_P3, Colours, matrix_profile
from resizer.color.srgb import to_srgb
from tests.support import float_colors
from tests.support.float_colors import converted, delta_e

LEVELS = sorted({*range(0, 256, 17), 1, 2, 3, 5, 8, 11, 14})  # more dark levels, where curves go wrong
CUBE = np.stack(np.meshgrid(LEVELS, LEVELS, LEVELS, indexing="ij"), axis=-1).reshape(-1, len(LEVELS), 3)
GAMMAS = [None, 1.0, 1.8, 2.2, 2.8]


def no_warning(warning: str) -> None:
    raise AssertionError(warning)


def test_colours_match_the_formulas() -> None:
    """Every colour of every space and curve is within 2 delta E of plain formulas."""
    image = Image.fromarray(CUBE.astype(np.uint8))
    for points, space in CHROMATICITIES.items():
        for gamma in GAMMAS:
            result = to_srgb(image, matrix_profile(Colours(space, gamma)), no_warning)
            assert delta_e(np.asarray(result), converted(CUBE, points, gamma)).max() < 2, (points, gamma)


def test_grey_matches_the_formulas() -> None:
    """Each of 256 greys of every curve becomes the nearest grey of sRGB, with one byte a pixel."""
    ramp = np.arange(256, dtype=np.uint8)[np.newaxis]
    for gamma in (*GAMMAS, 0.5):
        result = to_srgb(Image.fromarray(ramp), matrix_profile(Colours(DISPLAY_P3, gamma)), no_warning)
        wanted = converted(np.stack([ramp] * 3, axis=-1), float_colors.SRGB, gamma)[..., 0]
        assert result.mode == "L"
        assert np.abs(np.asarray(result, dtype=float) - wanted).max() < 0.6, gamma


def test_transparency_is_unchanged() -> None:
    """The colours of RGBA are converted, and its alpha is unchanged."""
    image = Image.fromarray(CUBE.astype(np.uint8)).convert("RGBA")
    alpha = Image.linear_gradient("L").resize(image.size)
    image.putalpha(alpha)
    result = to_srgb(image, matrix_profile(Colours(BT_2020)), no_warning)
    assert result.mode == "RGBA"
    assert result.getchannel("A").tobytes() == alpha.tobytes()
    assert delta_e(np.asarray(result.convert("RGB")), converted(CUBE, float_colors.BT_2020, None)).max() < 2


def test_srgb_needs_no_conversion() -> None:
    """An image described as sRGB is returned as the same object."""
    for mode in ("L", "RGB", "RGBA"):
        image = Image.new(mode, (9, 9))
        assert to_srgb(image, matrix_profile(Colours()), no_warning) is image


def test_the_profile_is_valid() -> None:
    """The profile is one of an RGB display, has its declared length, and its white is D50."""
    data = matrix_profile(Colours(DISPLAY_P3, 2.2))
    assert data
    profile = ImageCms.ImageCmsProfile(io.BytesIO(data)).profile
    assert int.from_bytes(data[:4], "big") == len(data)
    assert (profile.xcolor_space, profile.device_class, profile.connection_space) == ("RGB ", "mntr", "XYZ ")
    assert profile.media_white_point
    assert profile.media_white_point[0] == pytest.approx((0.9642, 1.0, 0.8249), abs=1e-4)
