"""Promise: an AVIF animation plays as often as its source, and is the same in everything else."""

from __future__ import annotations

import struct
from typing import Any

import pytest

from resizer.encode import Encoding
from resizer.formats.avif_plays import with_plays
from resizer.model import Format, Frame
from resizer.settings.environment import Quality
from tests.support.pictures import opened, photo_like, saved

TIMES = [100, 250, 70]  # milliseconds
FOR_EVER = 0xFFFF_FFFF_FFFF_FFFF


def animation(plays: int | None, *, clear: bool = False) -> bytes:
    pictures = [photo_like(60, 40, seed=seed) for seed in range(3)]
    for picture in pictures:
        picture.putalpha(128 if clear else 255)
    frames = [Frame(picture, time) for picture, time in zip(pictures, TIMES, strict=True)]
    return Encoding(quality=Quality(), loop=plays).encode(frames, Format.AVIF)


def durations(file: bytes) -> set[int]:
    """Of the film and of its tracks, where `mvhd` and `tkhd` of version 1 have them."""
    found = set()
    for kind, offset in ((b"mvhd", 28), (b"tkhd", 32)):
        at = -1
        while (at := file.find(kind, at + 1)) >= 0:
            found.add(struct.unpack_from(">Q", file, at + offset)[0])
    return found


@pytest.mark.parametrize("clear", [False, True])
@pytest.mark.parametrize(("plays", "written"), [(0, FOR_EVER), (None, 420), (1, 420), (3, 1260), (10**9, 65_535 * 420)])
def test_it_lasts_as_long_as_all_its_plays(plays: int | None, written: int, *, clear: bool) -> None:
    """What the file says of its length is that of all frames, times its plays, for colours and transparency alike."""
    file = animation(plays, clear=clear)
    assert file.count(b"tkhd") == 1 + clear
    assert durations(file) == {written}


def test_nothing_else_is_changed() -> None:
    """The frames and their times are those of an animation that plays for ever."""
    for_ever = animation(0)
    twice: Any = opened(with_plays(for_ever, 2))
    assert len(with_plays(for_ever, 2)) == len(for_ever)
    for number, time in enumerate(TIMES):
        twice.seek(number)
        twice.load()
        assert twice.info["duration"] == time


def test_a_single_picture_stays_as_it_is() -> None:
    """Where there are no tracks there is nothing to repeat."""
    still = saved(photo_like(60, 40), "AVIF")
    assert with_plays(still, 2) == still
