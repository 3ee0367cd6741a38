"""Transparency is kept if the format has it, and becomes white otherwise, never black."""

from typing import Any

import numpy as np
import pytest

from resizer.report import Outcome
from resizer.settings import Settings
from resizer.settings.rules import Rule
from tests.support.drawn import disc
from tests.support.pictures import saved

TRANSPARENT = {
    "RGBA PNG": ("PNG", "RGBA"),
    "gray and alpha PNG": ("PNG", "LA"),
    "palette PNG": ("PNG", "P"),
    "WebP": ("WEBP", "RGBA"),
    "GIF": ("GIF", "RGBA"),
    "TIFF": ("TIFF", "RGBA"),
    "AVIF": ("AVIF", "RGBA"),
}


@pytest.mark.parametrize("kind", TRANSPARENT)
def test_transparency_is_kept_without_dark_fringes(kind: str, resize: Any) -> None:
    """Transparent pixels stay transparent, and the black under them does not darken the edges."""
    format_, mode = TRANSPARENT[kind]
    report, rendition = resize(saved(disc(mode), format_, **({"lossless": True} if format_ == "WEBP" else {})))
    pixels = np.asarray(rendition.convert("RGBA"))
    assert rendition.format == ("PNG" if format_ in {"TIFF", "AVIF"} else format_)
    assert pixels[5, 5, 3] == 0
    assert tuple(pixels[240, 240]) == pytest.approx((240, 240, 240, 255), abs=4)
    assert pixels[pixels[..., 3] > 100][:, :3].min() > 215
    assert report.outcome is Outcome.RESIZED


def test_transparency_becomes_white_in_jpeg(resize: Any) -> None:
    """A transparent picture that is written as JPEG gets a white background, never a black one."""
    _, rendition = resize(saved(disc("RGBA"), "PNG"), Settings(defaults=Rule.of_widths((480,), formats=("jpeg",))))
    assert rendition.format == "JPEG"
    assert min(rendition.getpixel((5, 5))) > 250
    assert np.asarray(rendition).min() > 200
