"""Colours are converted to sRGB with the picture's own profile."""

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
    """A picture with a profile becomes sRGB, within 2 delta E of converting it at full size; the profile is removed."""
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
    """An unreadable profile is ignored with a warning, and the picture is resized."""
    report, rendition = resize(saved(PICTURE, "JPEG", quality=95, icc_profile=profile))
    assert report.outcome is Outcome.RESIZED
    assert psnr(rendition, expected(PICTURE)) > 30
    assert any("profile" in warning for warning in report.warnings)


def test_an_incomplete_profile_is_ignored_with_a_warning(resize: Any) -> None:
    """A JPEG with only one of the two parts of its profile is resized as it is, with a warning."""
    data = saved(PICTURE, "JPEG", quality=95, icc_profile=profile_like(1.8))
    report, rendition = resize(data.replace(b"ICC_PROFILE\0\1\1", b"ICC_PROFILE\0\1\2"))
    assert report.outcome is Outcome.RESIZED
    assert psnr(rendition, expected(PICTURE)) > 30
    assert any("profile" in warning for warning in report.warnings)


def grey_profile(gamma: float) -> bytes:
    """A colour profile for grey with a gamma, as scanners write it (ICC.1:2022, 7.2 and 8.3)."""
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
def test_a_grey_profile_counts_with_transparency_too(kind: str, resize: Any) -> None:
    """Linear grey becomes sRGB, also its darkest tones, with or without transparency, which is kept."""
    grey = Image.new("LA" if kind == "LA" else "L", (960, 480), (100, 255) if kind == "LA" else 100)
    grey.paste((5, 0) if kind == "LA" else 5, (0, 0, 480, 480))
    options = {"transparency": 5} if kind == "tRNS" else {}
    report, rendition = resize(saved(grey, "PNG", icc_profile=grey_profile(1.0), **options))
    assert not report.warnings
    assert rendition.convert("RGBA").getpixel((400, 100)) == pytest.approx((168, 168, 168, 255), abs=1)
    assert rendition.convert("RGBA").getpixel((50, 100))[3] == (255 if kind == "L" else 0)
    if kind == "L":
        assert rendition.getpixel((50, 100)) == pytest.approx(38, abs=1)


@pytest.mark.parametrize(("format_", "mode"), [("JPEG", "L"), ("PNG", "L"), ("PNG", "LA"), ("PNG", "1")])
def test_an_rgb_profile_counts_for_grey(format_: str, mode: str, resize: Any) -> None:
    """Grey with a linear RGB profile becomes sRGB; sRGB's own profile changes nothing."""
    grey = Image.new("L", (960, 480), 255 if mode == "1" else 100).convert(mode)
    light = 255 if mode == "1" else 168
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for profile, shown in ((profile_like(1.0), light), (srgb, grey.convert("L").getpixel((0, 0)))):
        report, rendition = resize(saved(grey, format_, icc_profile=profile))
        assert report.warnings == []
        assert rendition.convert("L").getpixel((100, 100)) == pytest.approx(shown, abs=2)


def test_a_part_of_a_profile_may_be_repeated(resize: Any) -> None:
    """A JPEG with repeated parts of its profile, in any order, is converted as if each were there once."""
    profile = profile_like(1.8)
    half = len(profile) // 2
    parts = [(1, profile[:half]), (2, profile[half:])]
    plain = saved(PICTURE, quality=95)

    def with_parts(*numbers: int) -> bytes:
        segments = [
            segment(0xE2, b"ICC_PROFILE\0" + bytes([n, 2]) + part) for n in numbers for m, part in parts if m == n
        ]
        return plain[:2] + b"".join(segments) + plain[2:]

    whole = resize(with_parts(1, 2))
    assert psnr(whole[1], expected(PICTURE)) < 30  # there was something to convert
    for order in ((1, 1, 2), (1, 2, 2), (2, 1), (1, 2, 1, 2)):
        report, rendition = resize(with_parts(*order))
        assert report.warnings == []
        assert rendition.tobytes() == whole[1].tobytes()


def test_a_grey_profile_is_ignored_for_colours(resize: Any) -> None:
    """Colours with a profile for grey are not converted, and a warning says so."""
    picture = PICTURE.convert("RGBA")
    report, rendition = resize(saved(picture, "PNG", icc_profile=grey_profile(1.0)))
    assert psnr(rendition.convert("RGB"), expected(PICTURE)) > 30
    assert any("profile" in warning for warning in report.warnings)
