"""Animations stay animations with their timing, or are refused."""

import io
import struct
import zlib
from typing import Any

import pytest
from PIL import Image, ImageDraw

from resizer.errors import Reason
from resizer.report import Outcome
from resizer.settings import Settings
from resizer.settings.rules import Rule
from tests.support.pictures import psnr, saved


def with_delays(data: bytes, seconds: int) -> bytes:
    """An animated PNG that shows each frame for this long."""
    changed, at = bytearray(data), 0
    while (at := changed.find(b"fcTL", at + 1)) > 0:
        changed[at + 24 : at + 28] = struct.pack(">HH", seconds, 1)
        changed[at + 30 : at + 34] = struct.pack(">I", zlib.crc32(changed[at : at + 30]))
    return bytes(changed)


@pytest.mark.parametrize("format_", ["png", "webp", "avif"])
def test_frames_may_be_shown_for_hours(format_: str, resize: Any) -> None:
    """An animation with longer durations than a format allows is still written as an animation."""
    data = with_delays(animation("PNG"), 60_000)
    report, rendition = resize(data, Settings(defaults=Rule.of_widths((480,), formats=(format_,))))
    assert (report.outcome, rendition.n_frames) == (Outcome.RESIZED, 4)


def test_a_gif_plays_as_often_in_another_format(resize: Any) -> None:
    """A GIF that plays four times becomes a WebP that plays four times, although the formats count differently."""
    _, rendition = resize(animation("GIF", loop=3), Settings(defaults=Rule.of_widths((480,), formats=("webp",))))
    assert rendition.info["loop"] == 4


def drawn() -> list[Image.Image]:
    frames = [Image.new("RGBA", (600, 400), (0, 0, 0, 0)) for _ in range(4)]
    for number, frame in enumerate(frames):
        ImageDraw.Draw(frame).rectangle((number * 150, 100, number * 150 + 140, 300), fill=(200, 40 * number, 90, 255))
    return frames


def animation(format_: str, **options: Any) -> bytes:
    frames = drawn()
    options = {"duration": [100, 200, 300, 400], "loop": 3, "disposal": 2, **options}
    return saved(frames[0], format_, save_all=True, append_images=frames[1:], **options)


def frames_of(image: Image.Image) -> list[tuple[float, Image.Image]]:
    shown = []
    for number in range(getattr(image, "n_frames", 1)):
        image.seek(number)
        composed = image.convert("RGBA")
        shown.append((image.info.get("duration", 0), composed))
    return shown


@pytest.mark.parametrize("format_", ["GIF", "WEBP", "PNG"])
def test_animations_stay_animations(format_: str, resize: Any) -> None:
    """Every frame looks right and keeps its duration, and the animation plays as often as before."""
    data = animation(format_, **({"lossless": True} if format_ == "WEBP" else {}))
    _, rendition = resize(data)
    before, after = frames_of(Image.open(io.BytesIO(data))), frames_of(rendition)
    assert rendition.format == format_
    assert [duration for duration, _ in after] == [duration for duration, _ in before]
    assert rendition.info["loop"] == Image.open(io.BytesIO(data)).info["loop"]
    for was, (_, now) in zip(drawn(), after, strict=True):
        small = was.resize(now.size, Image.Resampling.LANCZOS)
        backdrop = Image.new("RGBA", now.size, "white")
        one, other = (Image.alpha_composite(backdrop, each).convert("RGB") for each in (small, now))
        assert psnr(one, other) > 27


def test_an_animation_with_too_many_pixels_is_refused(resize: Any) -> None:
    """An animation whose frames together exceed the limit is refused, never turned into a still."""
    report, _ = resize(animation("GIF"), Settings(defaults=Rule.of_widths((480,)), max_pixels=600 * 400 * 4 - 1))
    assert (report.outcome, report.reason) == (Outcome.REJECTED, Reason.TOO_MANY_PIXELS)
