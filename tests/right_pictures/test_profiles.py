"""Colours are converted to sRGB by the profile that a picture brings along."""

from __future__ import annotations

import io
import struct
from typing import Any

import pytest
from PIL import Image, ImageCms

from resizer.report import Outcome
from resizer.settings import Settings
from resizer.settings.rules import Rule
from tests.right_pictures.conftest import PICTURE
from tests.support.drawn import delta_e, expected, profile_like
from tests.support.forged import segment
from tests.support.pictures import psnr, saved


@pytest.mark.parametrize("format_", ["JPEG", "PNG", "WEBP"])
def test_profiles_are_converted_to_srgb(format_: str, resize: Any) -> None:
    """A picture with a profile comes out in sRGB within 2 delta E of converting all of it, and without the profile."""
    profile = profile_like(1.8)
    data = saved(
        PICTURE, format_, icc_profile=profile, **({"lossless": True} if format_ == "WEBP" else {"quality": 98})
    )
    rendition = resize(data, Settings(defaults=Rule.of_widths((480,), formats=("png",))))[1]
    whole = Image.open(io.BytesIO(data)).convert("RGB")
    srgb = ImageCms.createProfile("sRGB")
    source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    converted = ImageCms.profileToProfile(
        whole, source, srgb, ImageCms.Intent.RELATIVE_COLORIMETRIC, "RGB",
        flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
    )  # fmt: skip
    assert "icc_profile" not in rendition.info
    assert converted
    assert delta_e(rendition, expected(converted)) < 2
    assert psnr(rendition.convert("RGB"), expected(whole)) < 30  # there was something to convert


@pytest.mark.parametrize("profile", [b"no profile at all", profile_like(1.8)[:300]])
def test_a_broken_profile_is_ignored_with_a_warning(profile: bytes, resize: Any) -> None:
    """A profile that cannot be read costs a warning and not the picture."""
    report, rendition = resize(saved(PICTURE, "JPEG", quality=95, icc_profile=profile))
    assert report.outcome is Outcome.RESIZED
    assert psnr(rendition, expected(PICTURE)) > 30
    assert any("profile" in warning for warning in report.warnings)


def test_a_profile_of_which_a_part_is_missing_is_ignored_with_a_warning(resize: Any) -> None:
    """Where a JPEG has one of two parts of its profile, the picture comes as it is, and a warning with it."""
    data = saved(PICTURE, "JPEG", quality=95, icc_profile=profile_like(1.8))
    report, rendition = resize(data.replace(b"ICC_PROFILE\0\1\1", b"ICC_PROFILE\0\1\2"))
    assert report.outcome is Outcome.RESIZED
    assert psnr(rendition, expected(PICTURE)) > 30
    assert any("profile" in warning for warning in report.warnings)


def grey_profile(gamma: float) -> bytes:
    """A colour profile for grey with a gamma, as scanners bring it (ICC.1:2022, 7.2 and 8.3)."""
    white = struct.pack(">3I", 63_190, 65_536, 54_061)  # D50
    tags = {
        b"desc": b"desc" + bytes(4) + struct.pack(">I", 5) + b"grey\0" + bytes(79),
        b"wtpt": b"XYZ " + bytes(4) + white,
        b"kTRC": b"curv" + bytes(4) + struct.pack(">IHH", 1, round(gamma * 256), 0),
        b"cprt": b"text" + bytes(8),
    }
    table, body = struct.pack(">I", len(tags)), b""
    for name, data in tags.items():
        table += name + struct.pack(">II", 132 + 12 * len(tags) + len(body), len(data))
        body += data
    head = struct.pack(">I", 128 + len(table) + len(body)) + b"lcms\2\x10\0\0mntrGRAYXYZ " + bytes(12) + b"acspAPPL"
    return (head + bytes(24) + bytes(4) + white).ljust(128, b"\0") + table + body


@pytest.mark.parametrize("kind", ["L", "LA", "tRNS"])
def test_a_profile_for_grey_counts_with_transparency_too(kind: str, resize: Any) -> None:
    """Grey of linear light comes out as sRGB shows it, with or without transparency, which stays as it was."""
    grey = Image.new("LA" if kind == "LA" else "L", (960, 480), (100, 255) if kind == "LA" else 100)
    grey.paste((5, 0) if kind == "LA" else 5, (0, 0, 480, 480))
    options = {"transparency": 5} if kind == "tRNS" else {}
    report, rendition = resize(saved(grey, "PNG", icc_profile=grey_profile(1.0), **options))
    assert not report.warnings
    assert rendition.convert("RGBA").getpixel((400, 100)) == pytest.approx((168, 168, 168, 255), abs=1)
    assert rendition.convert("RGBA").getpixel((50, 100))[3] == (255 if kind == "L" else 0)


@pytest.mark.parametrize(("format_", "mode"), [("JPEG", "L"), ("PNG", "L"), ("PNG", "LA"), ("PNG", "1")])
def test_grey_is_read_by_a_profile_for_rgb(format_: str, mode: str, resize: Any) -> None:
    """A profile for colours counts: linear grey comes out as sRGB shows it; sRGB's own profile changes nothing."""
    grey = Image.new("L", (960, 480), 255 if mode == "1" else 100).convert(mode)
    light = 255 if mode == "1" else 168
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for profile, shown in ((profile_like(1.0), light), (srgb, grey.convert("L").getpixel((0, 0)))):
        report, rendition = resize(saved(grey, format_, icc_profile=profile))
        assert report.warnings == []
        assert rendition.convert("L").getpixel((100, 100)) == pytest.approx(shown, abs=2)


def test_a_part_of_a_profile_may_come_twice(resize: Any) -> None:
    """A JPEG whose profile has a part twice is converted by it, as if it were there once, in whatever order."""
    profile = profile_like(1.8)
    half = len(profile) // 2
    parts = [(1, profile[:half]), (2, profile[half:])]
    plain = saved(PICTURE, quality=95)

    def sent(*numbers: int) -> bytes:
        segments = [
            segment(0xE2, b"ICC_PROFILE\0" + bytes([n, 2]) + part) for n in numbers for m, part in parts if m == n
        ]
        return plain[:2] + b"".join(segments) + plain[2:]

    whole = resize(sent(1, 2))
    assert psnr(whole[1], expected(PICTURE)) < 30  # there was something to convert
    for order in ((1, 1, 2), (1, 2, 2), (2, 1), (1, 2, 1, 2)):
        report, rendition = resize(sent(*order))
        assert report.warnings == []
        assert rendition.tobytes() == whole[1].tobytes()


def test_a_profile_for_grey_is_ignored_with_colours(resize: Any) -> None:
    """A profile for grey says nothing of colours: they stay, and a warning tells of it."""
    picture = PICTURE.convert("RGBA")
    report, rendition = resize(saved(picture, "PNG", icc_profile=grey_profile(1.0)))
    assert psnr(rendition.convert("RGB"), expected(PICTURE)) > 30
    assert any("profile" in warning for warning in report.warnings)
