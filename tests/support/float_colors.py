"""Converts colours with plain float formulas, for comparison: no profiles, no colour engine."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

if TYPE_CHECKING:
    Floats = NDArray[np.float64]

# CIE 1931 x and y of white, red, green and blue, from each space's own standard.
SRGB = (0.3127, 0.3290, 0.64, 0.33, 0.30, 0.60, 0.15, 0.06)
DISPLAY_P3 = (0.3127, 0.3290, 0.680, 0.320, 0.265, 0.690, 0.150, 0.060)
BT_2020 = (0.3127, 0.3290, 0.708, 0.292, 0.170, 0.797, 0.131, 0.046)
ADOBE_RGB = (0.3127, 0.3290, 0.64, 0.33, 0.21, 0.71, 0.15, 0.06)
BT_601 = (0.3127, 0.3290, 0.630, 0.340, 0.310, 0.595, 0.155, 0.070)  # of 525 lines
NTSC_1953 = (0.310, 0.316, 0.67, 0.33, 0.21, 0.71, 0.14, 0.08)
PROPHOTO = (0.3457, 0.3585, 0.7347, 0.2653, 0.1596, 0.8404, 0.0366, 0.0001)
BRADFORD = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])


def srgb_to_light(samples: ArrayLike) -> Floats:
    """IEC 61966-2-1: samples from 0 to 1 to light."""
    values = np.asarray(samples, dtype=float)
    upper: Floats = ((np.maximum(values, 0.04045) + 0.055) / 1.055) ** 2.4
    light: Floats = np.where(values <= 0.04045, values / 12.92, upper)
    return light


def light_to_srgb(light: ArrayLike) -> Floats:
    """IEC 61966-2-1: light from 0 to 1 to samples."""
    values = np.clip(np.asarray(light, dtype=float), 0, 1)
    samples: Floats = np.where(values <= 0.0031308, values * 12.92, 1.055 * values ** (1 / 2.4) - 0.055)
    return samples


def to_xyz(chromaticities: Sequence[float]) -> tuple[Floats, Floats]:
    """The matrix from light in red, green and blue to CIE XYZ (SMPTE RP 177), and white in XYZ."""
    x, y = np.array(chromaticities).reshape(4, 2).T
    points = np.array([x, y, 1 - x - y])
    white = points[:, 0] / y[0]
    return points[:, 1:] * np.linalg.solve(points[:, 1:], white), white


def converted(pixels: ArrayLike, chromaticities: Sequence[float], gamma: float | None) -> Floats:
    """Pixels in sRGB from 0 to 255, not rounded. White stays white, and colours outside sRGB are clipped."""
    samples = np.asarray(pixels, dtype=float) / 255
    light = srgb_to_light(samples) if gamma is None else samples**gamma
    (matrix, white), (srgb, srgb_white) = to_xyz(chromaticities), to_xyz(SRGB)
    adapted = np.linalg.inv(BRADFORD) @ np.diag((BRADFORD @ srgb_white) / (BRADFORD @ white)) @ BRADFORD
    return 255 * light_to_srgb(light @ (np.linalg.inv(srgb) @ adapted @ matrix).T)


def delta_e(one: ArrayLike, other: ArrayLike) -> Floats:
    """The distance of each pair of sRGB pixels, from 0 to 255, in CIELAB (CIE 1976)."""
    return np.asarray(np.linalg.norm(_lab(one) - _lab(other), axis=-1))


def _lab(pixels: ArrayLike) -> Floats:
    matrix, white = to_xyz(SRGB)
    relative = srgb_to_light(np.asarray(pixels, dtype=float) / 255) @ matrix.T / white
    step = 6 / 29
    roots = np.where(relative > step**3, np.cbrt(relative), relative / (3 * step**2) + 4 / 29)
    x, y, z = roots[..., 0], roots[..., 1], roots[..., 2]
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1)
