"""An animated PNG holds every frame exactly, and of each no more than what has changed."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from resizer.formats.base import SaveOptions
from resizer.formats.png import PngSource
from resizer.formats.png_save import PngRendition
from tests.formats.reading import furthest, premultiplied, read

CHANNELS = {"L": 1, "RGB": 3, "RGBA": 4}


def written(pictures: list[Image.Image], **options: object) -> bytes:
    durations = tuple(10.0 * (number + 1) for number in range(len(pictures)))
    return PngRendition().save(iter(pictures), SaveOptions(durations=durations, plays=4, **options))  # type: ignore[arg-type] # exif alone


@pytest.mark.parametrize("mode", CHANNELS)
def test_every_frame_comes_out_as_it_went_in(mode: str) -> None:
    """Frames that change nowhere, in a corner, and everywhere, in grey, in colour and with transparency."""
    dice = np.random.default_rng(1)
    first, other = (dice.integers(0, 256, (30, 40, CHANNELS[mode]), np.uint8) for _ in range(2))
    corner = first.copy()
    corner[-3:, -5:] = other[-3:, -5:]
    if mode == "RGBA":
        corner[0, 0] = (9, 9, 9, 0)
        first[0, 0] = (7, 7, 7, 0)  # which differ in nothing that is seen
    pictures = [Image.fromarray(each.squeeze(), mode) for each in (first, first, corner, other, other)]
    found = read(PngSource(), written(pictures))
    assert (found.header.frames, found.header.loop, found.warnings) == (5, 4, [])
    assert [frame.duration for frame in found.frames] == pytest.approx([10, 20, 30, 40, 50])
    assert furthest(found.shown, [premultiplied(np.asarray(each.convert("RGBA"))) for each in pictures]) == 0


def test_only_what_has_changed_is_written() -> None:
    """A frame like the one before takes hardly a byte."""
    noise = Image.effect_noise((200, 150), 90).convert("RGB")
    assert len(written([noise] * 6)) - len(written([noise] * 2)) < 4 * 150


@pytest.mark.parametrize("duration", [0, 1000 / 3, 99_999.9, 12_345_678.9, 65_535_000, 10**9])
def test_any_duration_is_written_as_closely_as_it_can_be(duration: float) -> None:
    """A frame is shown for its duration to a thousandth, or for the longest that the format knows: 65,535 seconds."""
    picture = Image.new("L", (4, 3))
    data = PngRendition().save(iter([picture] * 2), SaveOptions(durations=(duration, 40.0)))
    [found, _] = [frame.duration for frame in read(PngSource(), data).frames]
    assert found == pytest.approx(min(duration, 65_535_000), rel=0.001)
