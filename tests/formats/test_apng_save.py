"""An animated PNG stores every frame exactly, and only the part of each that changed."""

import numpy as np
import pytest
from PIL import Image

from resizer.formats.base import SaveOptions
from resizer.formats.png import PngSource
from resizer.formats.png_save import PngRendition
from tests.formats.reading import max_difference, premultiplied, read

CHANNELS = {"L": 1, "RGB": 3, "RGBA": 4}


def animated_png(pictures: list[Image.Image]) -> bytes:
    durations = tuple(10.0 * (number + 1) for number in range(len(pictures)))
    return PngRendition().save(iter(pictures), SaveOptions(durations=durations, plays=4))


@pytest.mark.parametrize("mode", CHANNELS)
def test_every_frame_is_stored_exactly(mode: str) -> None:
    """Frames that change nowhere, in a corner and everywhere are read back exactly, in grey, colour and RGBA."""
    dice = np.random.default_rng(1)
    first, other = (dice.integers(0, 256, (30, 40, CHANNELS[mode]), np.uint8) for _ in range(2))
    corner = first.copy()
    corner[-3:, -5:] = other[-3:, -5:]
    if mode == "RGBA":
        corner[0, 0] = (9, 9, 9, 0)
        first[0, 0] = (7, 7, 7, 0)  # both are transparent, so they look the same
    pictures = [Image.fromarray(each.squeeze(), mode) for each in (first, first, corner, other, other)]
    found = read(PngSource(), animated_png(pictures))
    assert (found.header.frames, found.header.loop, found.warnings) == (5, 4, [])
    assert [frame.duration for frame in found.frames] == pytest.approx([10, 20, 30, 40, 50])
    assert max_difference(found.shown, [premultiplied(np.asarray(each.convert("RGBA"))) for each in pictures]) == 0


def test_an_unchanged_frame_takes_hardly_any_bytes() -> None:
    """A frame like the one before takes hardly a byte."""
    noise = Image.effect_noise((200, 150), 90).convert("RGB")
    assert len(animated_png([noise] * 6)) - len(animated_png([noise] * 2)) < 4 * 150


@pytest.mark.parametrize("duration", [0, 1000 / 3, 99_999.9, 12_345_678.9, 65_535_000, 10**9])
def test_any_duration_is_written(duration: float) -> None:
    """A frame is shown for its duration to a thousandth, or for the longest that the format knows: 65,535 seconds."""
    picture = Image.new("L", (4, 3))
    data = PngRendition().save(iter([picture] * 2), SaveOptions(durations=(duration, 40.0)))
    [found, _] = [frame.duration for frame in read(PngSource(), data).frames]
    assert found == pytest.approx(min(duration, 65_535_000), rel=0.001)
