"""Checks for the rows about colours. A grey of 100 in linear light is 168 in sRGB."""

import struct
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import pytest
from PIL import Image

from tests.docs.images.check import Rendition, resized, row
from tests.support import float_colors
from tests.support.drawn import profile_like
from tests.support.forged import chunk, segment
from tests.support.pictures import heic, saved

GREY, LIGHT = (100, 100, 100), 168
COLOUR: Final = (200, 90, 60)
LINEAR: Final = profile_like(1.0)
P3, BT_2020, ADOBE_RGB = float_colors.DISPLAY_P3, float_colors.BT_2020, float_colors.ADOBE_RGB


def flat(colour: tuple[int, ...] = GREY) -> Image.Image:
    return Image.new("RGB", (16, 12), colour)


def level(rendition: Rendition) -> int:
    """The level of a picture of one grey."""
    return int(np.asarray(rendition.image.convert("RGB"))[4, 4, 1])


def png(*chunks: bytes, colour: tuple[int, ...] = GREY, **options: object) -> bytes:
    """A PNG of one colour, with chunks that describe its colours."""
    plain = saved(flat(colour), "PNG", **options)
    return plain[:33] + b"".join(chunks) + plain[33:]


def gama(exponent: float) -> bytes:
    return chunk(b"gAMA", struct.pack(">I", round(exponent * 100_000)))


def chrm(points: Sequence[float]) -> bytes:
    return chunk(b"cHRM", struct.pack(">8I", *(round(each * 100_000) for each in points)))


def cicp(primaries: int, transfer: int) -> bytes:
    return chunk(b"cICP", bytes((primaries, transfer, 0, 1)))


def avif(primaries: int, transfer: int, colour: tuple[int, ...] = GREY, **options: object) -> bytes:
    data = saved(flat(colour), "AVIF", speed=10, quality=100, subsampling="4:4:4", **options)
    at = data.index(b"colrnclx") + 8
    return data[:at] + struct.pack(">HH", primaries, transfer) + data[at + 4 :]


@row("Picture with a colour profile")
def _() -> None:
    for format_ in ("JPEG", "PNG", "WEBP", "TIFF", "AVIF", "HEIC"):
        profiled: dict[str, Any] = {"icc_profile": LINEAR}
        rendition = resized(heic(flat(), **profiled) if format_ == "HEIC" else saved(flat(), format_, **profiled))
        assert level(rendition) == pytest.approx(LIGHT, abs=3), format_
        assert "icc_profile" not in rendition.image.info


@row("Profile that is damaged, or for another kind of picture")
def _() -> None:
    for profile in (b"no profile", LINEAR[:300]):
        rendition = resized(saved(flat(), icc_profile=profile))
        assert level(rendition) == pytest.approx(GREY[0], abs=1)
        assert "profile is ignored" in "".join(rendition.warnings)
    inks = resized(saved(flat().convert("CMYK"), icc_profile=LINEAR))
    assert "profile is ignored" in "".join(inks.warnings)


@row("JPEG with a profile in several parts, one part twice")
def _() -> None:
    parts = [b"ICC_PROFILE\0\1\2" + LINEAR[:400], b"ICC_PROFILE\0\2\2" + LINEAR[400:]]
    plain = saved(flat())
    for order in ((0, 1), (0, 0, 1), (1, 0, 1)):
        rendition = resized(plain[:2] + b"".join(segment(0xE2, parts[number]) for number in order) + plain[2:])
        assert level(rendition) == pytest.approx(LIGHT, abs=2)
        assert not rendition.warnings


@row("Grey picture with a colour profile")
def _() -> None:
    grey = flat().convert("L")
    for format_ in ("JPEG", "PNG"):
        rendition = resized(saved(grey, format_, icc_profile=LINEAR))
        assert level(rendition) == pytest.approx(LIGHT, abs=2)
        assert not rendition.warnings


@row("PNG with several descriptions of its colours")
def _() -> None:
    srgb = chunk(b"sRGB", b"\0")
    assert level(resized(png(cicp(1, 13), gama(1), icc_profile=LINEAR))) == GREY[0]
    assert level(resized(png(gama(1), icc_profile=profile_like(2.2)))) == pytest.approx(GREY[0], abs=4)
    assert level(resized(png(srgb, gama(1)))) == GREY[0]
    assert level(resized(png(gama(1)))) == pytest.approx(LIGHT, abs=1)
    assert level(resized(png(srgb, icc_profile=LINEAR))) == pytest.approx(LIGHT, abs=1)


@row("AVIF or HEIC with a profile and nclx")
def _() -> None:
    for data in (avif(1, 13, icc_profile=LINEAR), heic(flat(), icc_profile=LINEAR, transfer_characteristics=13)):
        assert level(resized(data)) == pytest.approx(LIGHT, abs=3)


@row("Colours without a profile: cICP, gAMA and cHRM, nclx")
def _() -> None:
    for described, points, gamma in (
        (png(cicp(12, 13), colour=COLOUR), P3, None),
        (png(cicp(9, 13), colour=COLOUR), BT_2020, None),
        (png(chrm(ADOBE_RGB), gama(1 / 2.2), colour=COLOUR), ADOBE_RGB, 2.2),
        (png(gama(1 / 1.8), colour=COLOUR), float_colors.SRGB, 1.8),
        (avif(12, 13, COLOUR), P3, None),
        (avif(6, 13, COLOUR), float_colors.BT_601, None),
        (heic(flat(COLOUR), color_primaries=12, transfer_characteristics=13, quality=100, chroma=444), P3, None),
    ):
        pixels = np.asarray(resized(described, formats=("png",)).image.convert("RGB")).astype(float)
        expected = float_colors.converted(np.full((1, 3), COLOUR), points, gamma)
        assert float_colors.delta_e(pixels[4, 4][None], expected).max() < 4
    for unknown in (png(cicp(10, 13)), png(gama(1 / 2.2), chrm((0.3, 0.3, 0.5, 0.2, 0.2, 0.5, 0.1, 0.1))), avif(3, 13)):
        rendition = resized(unknown)
        assert level(rendition) == pytest.approx(GREY[0], abs=2)
        assert "ignored" in "".join(rendition.warnings)


@row("BT.709 or BT.601 transfer function, or PNG with cHRM but without gAMA")
def _() -> None:
    for described in (cicp(1, 1), cicp(1, 6), chrm(P3)):
        data = png(described, colour=COLOUR)
        rendition = resized(data)
        assert rendition.image.convert("RGB").getpixel((4, 4)) == COLOUR
        assert not rendition.warnings


@row("HDR (PQ or HLG)")
def _() -> None:
    for data in (png(cicp(9, 16)), png(cicp(9, 18)), avif(9, 16)):
        rendition = resized(data)
        assert "HDR" in "".join(rendition.warnings)
        assert level(rendition) == pytest.approx(GREY[0], abs=2)


@row("AVIF without nclx near its start")
def _() -> None:
    data = avif(9, 4, COLOUR)
    assert b"colrnclx" in data
    rendition = resized(data.replace(b"colrnclx", b"freenclx"))
    assert np.abs(np.array(rendition.image.convert("RGB").getpixel((4, 4))) - COLOUR).max() <= 4


@row("Picture in linear light")
def _() -> None:
    ramp = Image.fromarray(np.arange(256, dtype="u1")[None].repeat(4, 0)).convert("RGB")
    plain = saved(ramp, "PNG")
    rendition = np.asarray(resized(plain[:33] + gama(1) + plain[33:]).image.convert("L"))[0]
    assert rendition[0] == 0
    assert rendition[1] >= 12  # the first step of sRGB above 0


@row("CMYK without a profile")
def _() -> None:
    for ink, shown in (((255, 0, 0, 0), (0, 255, 255)), ((0, 0, 0, 128), (127, 127, 127)), ((0, 0, 0, 0), (255,) * 3)):
        rendition = resized(saved(Image.new("CMYK", (16, 12), ink), "TIFF"))
        assert np.abs(np.array(rendition.image.getpixel((4, 4))) - shown).max() <= 3
