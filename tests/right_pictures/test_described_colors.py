"""Colours described by gAMA, cHRM, cICP or code points become sRGB, and the description is removed."""

import io
import struct
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pillow_heif
import pytest
from PIL import Image

from resizer.color import described
from resizer.report import Outcome
from resizer.settings import Settings
from resizer.settings.rules import Rule
from tests.support import float_colors
from tests.support.drawn import expected, profile_like, sixteen_bit_rgb_png, sixteen_bits
from tests.support.float_colors import converted, delta_e
from tests.support.forged import chunk
from tests.support.pictures import fast, heic, photo_like, psnr, saved

PICTURE = photo_like(600, 450)
GREY = PICTURE.convert("L")
SMALL = photo_like(60, 45)
P3, BT_2020, ADOBE_RGB = float_colors.DISPLAY_P3, float_colors.BT_2020, float_colors.ADOBE_RGB
TO_PNG = Settings(defaults=Rule.of_widths((480,), formats=("png",)))


@cache
def plain_png() -> bytes:
    return saved(PICTURE, "PNG")


@cache
def plain_avif() -> bytes:
    return saved(PICTURE, "AVIF", quality=95, speed=9)


@cache
def palette() -> Image.Image:
    return PICTURE.quantize(200)


def gama(value: int) -> bytes:
    return chunk(b"gAMA", struct.pack(">I", value))


def chrm(chromaticities: Sequence[float]) -> bytes:
    return chunk(b"cHRM", struct.pack(">8I", *(round(each * 100_000) for each in chromaticities)))


def cicp(*values: int) -> bytes:
    return chunk(b"cICP", bytes(values))


SRGB = chunk(b"sRGB", b"\0")


def png(*chunks: bytes, plain: bytes | None = None) -> bytes:
    """A PNG with chunks right after its IHDR."""
    plain = plain or plain_png()
    return plain[:33] + b"".join(chunks) + plain[33:]


def avif(primaries: int, transfer: int, plain: bytes | None = None) -> bytes:
    """An AVIF with other code points."""
    plain = plain or plain_avif()
    at = plain.index(b"colrnclx") + 8
    return plain[:at] + struct.pack(">HH", primaries, transfer) + plain[at + 4 :]


def heif(primaries: int, transfer: int, picture: Image.Image = PICTURE, **options: Any) -> bytes:
    return heic(picture, quality=95, color_primaries=primaries, transfer_characteristics=transfer, **options)


def deep_heif(primaries: int, transfer: int) -> bytes:
    """A HEIC of 10 bits a channel, like HDR photos of phones."""
    samples, buffer = np.ascontiguousarray(np.asarray(PICTURE).astype(np.uint16) * 257), io.BytesIO()
    code_points = {"color_primaries": primaries, "transfer_characteristics": transfer}
    pillow_heif.encode(
        "RGB;16", PICTURE.size, samples.tobytes(), buffer, quality=95, enc_params=fast(), **code_points
    )  # fmt: skip
    return buffer.getvalue()


def in_srgb(picture: Image.Image, chromaticities: Sequence[float], gamma: float | None, **options: Any) -> Image.Image:
    """The picture in sRGB by float formulas, at 480 pixels."""
    pixels = converted(np.asarray(picture.convert("RGB")), chromaticities, gamma, **options)
    return expected(Image.fromarray(pixels.round().astype(np.uint8)))


DESCRIBED: dict[str, tuple[Callable[[], bytes], tuple[Sequence[float], float | None]]] = {
    "PNG, cICP of Display P3": (lambda: png(cicp(12, 13, 0, 1)), (P3, None)),
    "PNG, cICP of BT.2020": (lambda: png(cicp(9, 14, 0, 1)), (BT_2020, None)),
    "PNG, cICP of linear light": (lambda: png(cicp(1, 8, 0, 1)), (float_colors.SRGB, 1.0)),
    "PNG, cICP before gAMA": (lambda: png(gama(100_000), cicp(12, 13, 0, 1)), (P3, None)),
    "PNG, gAMA of 1/1.8": (lambda: png(gama(55_556)), (float_colors.SRGB, 1.8)),
    "PNG, gAMA of linear light": (lambda: png(gama(100_000)), (float_colors.SRGB, 1.0)),
    "PNG, gAMA and cHRM of Adobe RGB": (lambda: png(gama(45_455), chrm(ADOBE_RGB)), (ADOBE_RGB, 2.2)),
    "PNG of 16 bits": (lambda: png(gama(55_556), chrm(P3), plain=sixteen_bit_rgb_png(PICTURE)), (P3, 1.8)),
    "PNG of grey": (lambda: png(gama(55_556), plain=saved(GREY, "PNG")), (float_colors.SRGB, 1.8)),
    "PNG of deep grey": (lambda: png(gama(55_556), plain=saved(sixteen_bits(GREY), "PNG")), (float_colors.SRGB, 1.8)),
    "PNG of a palette": (lambda: png(gama(55_556), plain=saved(palette(), "PNG")), (float_colors.SRGB, 1.8)),
    "AVIF of Display P3": (lambda: avif(12, 13), (P3, None)),
    "AVIF of BT.2020": (lambda: avif(9, 1), (BT_2020, None)),
    "AVIF of NTSC 1953": (lambda: avif(4, 13), (float_colors.NTSC_1953, None)),
    "AVIF of gamma 2.8": (lambda: avif(1, 5), (float_colors.SRGB, 2.8)),
    "AVIF of grey": (lambda: avif(12, 5, saved(GREY, "AVIF", quality=95, speed=9)), (float_colors.SRGB, 2.8)),
    "HEIC of Display P3": (lambda: heif(12, 13), (P3, None)),
    "HEIC of BT.2020 with gamma 2.2": (lambda: heif(9, 4), (BT_2020, 2.2)),
    "HEIC of 10 bits": (lambda: deep_heif(12, 13), (P3, None)),
}


@pytest.mark.parametrize("kind", DESCRIBED)
def test_described_colours_become_srgb(kind: str, resize: Callable[..., Any]) -> None:
    """Described colours are converted within 2 delta E of plain float formulas, without a warning."""
    make, (chromaticities, gamma) = DESCRIBED[kind]
    picture = palette() if "palette" in kind else GREY if "grey" in kind else PICTURE
    report, rendition = resize(make(), TO_PNG)
    wanted = in_srgb(picture, chromaticities, gamma)
    assert (report.outcome, report.warnings) == (Outcome.RESIZED, [])
    assert delta_e(np.asarray(rendition.convert("RGB")), np.asarray(wanted)).mean() < 2
    assert psnr(rendition.convert("RGB"), expected(picture.convert("RGB"))) < 32  # there was something to convert


DESCRIPTIONS = (b"gAMA", b"cHRM", b"cICP", b"iCCP", b"ICCP", b"ICC_PROFILE", b"colrprof", b"colrrICC")


@pytest.mark.parametrize("format_", ["png", "jpeg", "webp", "avif"])
@pytest.mark.parametrize("kind", ["gAMA and cHRM of Adobe RGB", "cICP of Display P3", "AVIF of Display P3", "HEIC"])
def test_renditions_describe_only_srgb(kind: str, format_: str, resize: Callable[..., Any]) -> None:
    """No rendition describes its colours as anything but sRGB, whatever its source says."""
    make = next(make for name, (make, _) in DESCRIBED.items() if kind in name)
    report, rendition = resize(make(), Settings(defaults=Rule.of_widths((480,), formats=(format_,))))
    stored = Path(rendition.filename).read_bytes()
    assert report.outcome is Outcome.RESIZED
    assert not {"gamma", "chromaticity", "icc_profile"} & set(rendition.info)
    assert not [name for name in DESCRIPTIONS if name in stored]
    assert b"colrnclx" not in stored or b"colrnclx" + struct.pack(">HH", 1, 13) in stored


SAME: dict[str, Callable[[], bytes]] = {
    "gAMA": lambda: png(gama(45_455)),
    "gAMA and cHRM": lambda: png(gama(45_455), chrm(float_colors.SRGB)),
    "sRGB before gAMA": lambda: png(gama(100_000), SRGB),
    "cHRM alone": lambda: png(chrm(P3)),
    "cICP": lambda: png(cicp(1, 13, 0, 1)),
    "cICP before an ICC profile": lambda: png(
        cicp(1, 13, 0, 1), plain=saved(PICTURE, "PNG", icc_profile=profile_like(1.8))
    ),
    "cICP of BT.709": lambda: png(cicp(1, 1, 0, 1)),
}


@pytest.mark.parametrize("kind", SAME)
def test_descriptions_of_srgb_change_nothing(
    kind: str, resize: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A PNG described as sRGB gives the same pixels as one without a description, and no profile is built."""
    monkeypatch.setattr(described, "_curve", None)
    _, plain = resize(plain_png(), name="plain")
    report, rendition = resize(SAME[kind]())
    assert report.warnings == []
    assert rendition.tobytes() == plain.tobytes()


@pytest.mark.parametrize("format_", ["AVIF", "HEIF"])
def test_an_icc_profile_wins_over_code_points(format_: str, resize: Callable[..., Any]) -> None:
    """An AVIF or HEIC with a profile is converted with it, whatever its code points say."""
    profile = profile_like(1.8)
    plain = saved(PICTURE, "AVIF", quality=95, speed=9, icc_profile=profile)
    data = avif(9, 8, plain) if format_ == "AVIF" else heif(9, 8, icc_profile=profile)
    _, rendition = resize(data, TO_PNG)
    assert delta_e(np.asarray(rendition), np.asarray(in_srgb(PICTURE, float_colors.SRGB, 1.8))).mean() < 2


@pytest.mark.parametrize("transfer", [16, 18])
@pytest.mark.parametrize("kind", ["PNG", "AVIF", "HEIC"])
def test_hdr_is_resized_with_a_warning(kind: str, transfer: int, resize: Callable[..., Any]) -> None:
    """HDR is resized in the right primaries, and a warning says that it is not tone-mapped."""
    heic_ = heif if transfer == 16 else deep_heif
    data = {
        "PNG": lambda: png(cicp(9, transfer, 0, 1)),
        "AVIF": lambda: avif(9, transfer),
        "HEIC": lambda: heic_(9, transfer),
    }
    report, rendition = resize(data[kind](), TO_PNG)
    assert report.outcome is Outcome.RESIZED
    assert ["tone-mapped" in warning for warning in report.warnings] == [True]
    assert delta_e(np.asarray(rendition), np.asarray(in_srgb(PICTURE, BT_2020, None))).mean() < 2


TRANSPARENT: dict[str, tuple[Any, Any, dict[str, int]]] = {
    "RGBA": ((100, 100, 100, 255), (5, 5, 5, 0), {}),
    "LA": ((100, 255), (5, 0), {}),
    "L": (100, 5, {"transparency": 5}),
}


@pytest.mark.parametrize("mode", TRANSPARENT)
def test_gama_counts_with_transparency_too(mode: str, resize: Callable[..., Any]) -> None:
    """A picture with gAMA and transparency becomes sRGB and keeps its transparency."""
    opaque, transparent, options = TRANSPARENT[mode]
    picture = Image.new(mode, (960, 480), opaque)
    picture.paste(transparent, (0, 0, 480, 480))
    _, rendition = resize(png(gama(100_000), plain=saved(picture, "PNG", **options)))
    assert rendition.convert("RGBA").getpixel((400, 100)) == pytest.approx((168, 168, 168, 255), abs=1)
    assert rendition.convert("RGBA").getpixel((50, 100))[3] == 0


def test_every_frame_is_converted_with_one_warning(resize: Callable[..., Any]) -> None:
    """All frames of an animation become sRGB, and a warning about them is given once."""
    frames = [Image.new("RGB", (600, 400), (100 + 20 * number, 100, 100)) for number in range(4)]
    plain = saved(frames[0], "PNG", save_all=True, append_images=frames[1:], duration=100)
    report, rendition = resize(png(gama(100_000), plain=plain))
    assert (report.outcome, rendition.n_frames) == (Outcome.RESIZED, 4)
    for number in range(4):
        rendition.seek(number)
        assert rendition.convert("RGB").getpixel((9, 9))[1] == pytest.approx(168, abs=1)
    assert len(resize(png(cicp(1, 16, 0, 1), plain=plain))[0].warnings) == 1


HOSTILE: dict[str, Callable[[], bytes]] = {
    "gAMA of 0": lambda: png(gama(0)),
    "gAMA of the largest number": lambda: png(gama(0xFFFFFFFF)),
    "cHRM of zeros": lambda: png(gama(45_455), chunk(b"cHRM", bytes(32))),
    "cHRM of the largest numbers": lambda: png(gama(45_455), chunk(b"cHRM", b"\xff" * 32)),
    "cHRM of one point": lambda: png(gama(45_455), chrm((0.3127, 0.329) * 4)),
    "cHRM of a line": lambda: png(gama(45_455), chrm((0.3127, 0.329, 0.1, 0.1, 0.3, 0.3, 0.5, 0.5))),
    "cICP of zeros": lambda: png(cicp(0, 0, 0, 0)),
    "cICP of the largest numbers": lambda: png(cicp(255, 255, 255, 255)),
    "cICP with a matrix": lambda: png(cicp(12, 13, 6, 1)),
    "empty cICP": lambda: png(cicp()),
    "cICP of many bytes": lambda: png(cicp(*[1] * 1000)),
    "AVIF of unknown code points": lambda: avif(0xFFFF, 0xFFFF),
    "HEIC of unknown code points": lambda: heif(12, 17),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_invalid_descriptions_are_ignored(kind: str, resize: Callable[..., Any]) -> None:
    """Invalid numbers are ignored with one warning, and the picture is resized as if they were missing."""
    report, rendition = resize(HOSTILE[kind]())
    assert report.outcome is Outcome.RESIZED
    assert len(report.warnings) == 1
    assert "ignored" in report.warnings[0]
    assert psnr(rendition, expected(PICTURE)) > 30


def test_random_descriptions_do_no_harm(resize: Callable[..., Any]) -> None:
    """The picture is resized whatever its colour chunks hold."""
    plain = saved(SMALL, "PNG")
    for seed in range(40):
        random = np.random.default_rng(seed)
        data = png(
            cicp(*random.integers(0, 24, 4).tolist()) if seed % 2 else b"",
            gama(int(10 ** random.uniform(0, 9.6))),
            chrm(random.uniform(0, 1, 8).tolist()),
            plain=plain,
        )
        report, rendition = resize(data, name=str(seed))
        assert (report.outcome, rendition.size) == (Outcome.RESIZED, SMALL.size), seed
