"""An animated PNG looks as in browsers, in every colour type and depth, and ends where browsers end it."""

import itertools
import random
import re
import zlib
from typing import Any

import numpy as np
import pytest

from resizer.errors import Reason, Rejected
from resizer.formats.png import PngSource
from tests.formats.reading import Read, max_difference, premultiplied
from tests.formats.reading import read as read_by
from tests.support.animated import CHANNELS, CLEAR, KEEP, RESTORE, Apng, Drawn, PngKind, composed
from tests.support.forged import chunk

SIZE = (17, 13)
PALETTE = random.Random(1).randbytes(3 * 14)
KINDS = {
    **{
        f"colour type {colour}, {depth} bits": PngKind(colour, depth)
        for colour, depths in {0: (1, 2, 4, 8, 16), 2: (8, 16), 4: (8, 16), 6: (8, 16)}.items()
        for depth in depths
    },
    **{f"palette, {depth} bits": PngKind(3, depth, PALETTE[: 3 << depth]) for depth in (1, 2, 4, 8)},
    **{
        f"palette with transparency, {depth} bits": PngKind(3, depth, PALETTE[: 3 << depth], b"\0\x80\xff\x40")
        for depth in (2, 4, 8)
    },
    **{
        f"transparent colour, type {colour}, {depth} bits": PngKind(
            colour, depth, b"", (b"\1\1" if depth == 16 else b"\0\1") * CHANNELS[colour]
        )
        for colour, depth in ((0, 1), (0, 2), (0, 4), (0, 8), (0, 16), (2, 8), (2, 16))
    },
    "interlaced": PngKind(6, 8, interlaced=1),
    "interlaced palette": PngKind(3, 4, PALETTE, b"\0\x80", interlaced=1),
}
RGBA = PngKind(6, 8)


def read(data: bytes) -> Read:
    return read_by(PngSource(), data)


def solid(*colour: int, size: tuple[int, int] = SIZE, place: tuple[int, int] = (0, 0), **options: Any) -> Drawn:
    return Drawn(np.full((size[1], size[0], 4), colour) / 255, place, **options)


def stored(drawn: Drawn) -> bytes:
    return RGBA.deflated((drawn.rgba * 255).round().astype(np.int64))


RED = solid(200, 0, 0, 255)
HALF = solid(0, 0, 200, 128, size=(9, 7), place=(2, 3), over=True)
GREEN = solid(0, 200, 0, 255, size=(4, 4), place=(1, 1))


def apng(*frames: Drawn, announced: int | None = None, default_image: Drawn | None = None) -> Apng:
    """An animation of RGBA frames, with or without a separate default image."""
    animation = Apng(RGBA, SIZE, len(frames) if announced is None else announced)
    if default_image:
        animation.pixels(stored(default_image), first=True)
    for number, frame in enumerate(frames):
        animation.control(frame).pixels(stored(frame), first=number == 0 and default_image is None)
    return animation


@pytest.mark.parametrize("kind", KINDS)
def test_frames_of_every_kind_are_composed(kind: str) -> None:
    """Frames of every colour type, depth and transparency match an independent compositor."""
    samples, dice = KINDS[kind], random.Random(kind)
    ways = itertools.product((KEEP, CLEAR, RESTORE), (False, True))
    animation, drawn = Apng(samples, SIZE, 12), []
    for number, (disposal, over) in enumerate([*ways] * 2):
        width, height = SIZE if not number else (dice.randint(1, SIZE[0]), dice.randint(1, SIZE[1]))
        place = dice.randint(0, SIZE[0] - width), dice.randint(0, SIZE[1] - height)
        pixels = samples.random(width, height, number)
        drawn.append(Drawn(samples.rgba(pixels), place, disposal, over))
        animation.control(drawn[-1]).pixels(samples.deflated(pixels), first=not number, pieces=dice.randint(1, 3))
    found = read(animation.file())
    assert not found.warnings
    assert max_difference(found.shown, composed(drawn, SIZE)) <= 2.5


@pytest.mark.parametrize("kind", KINDS)
def test_stills_of_every_kind_are_read(kind: str) -> None:
    """A still of every colour type, depth and transparency is read sample by sample."""
    samples = KINDS[kind]
    pixels = samples.random(*SIZE, 1)
    data = samples.head(*SIZE) + samples.chunks + chunk(b"IDAT", samples.deflated(pixels)) + chunk(b"IEND")
    assert max_difference(read(data).shown, [premultiplied((samples.rgba(pixels) * 255).round().astype(np.uint8))]) <= 1


def test_an_animation_of_one_frame_shows_that_frame() -> None:
    """An animation of one frame shows it on a transparent background, and not the default image."""
    found = read(apng(HALF, default_image=RED).file())
    assert found.header.frames == 1
    assert max_difference(found.shown, composed([HALF], SIZE)) <= 1


def test_the_default_image_is_not_a_frame() -> None:
    """The picture for viewers without animation is in no frame, nor below one."""
    found = read(apng(GREEN, HALF, default_image=RED).file())
    assert max_difference(found.shown, composed([GREEN, HALF], SIZE)) <= 1


@pytest.mark.parametrize("frames", [0, 1])
def test_an_animation_without_more_frames_is_a_still(frames: int) -> None:
    """A PNG that announces no frame besides its default image is a still, whatever follows."""
    found = read(apng(RED, GREEN, announced=frames).file())
    assert (found.header.frames, found.header.mode, found.header.loop) == (1, "RGBA", None)
    assert max_difference(found.shown, composed([RED], SIZE)) == 0


def test_durations_and_plays_are_read() -> None:
    """A delay is a fraction of a second; a denominator of 0 means hundredths."""
    animation = Apng(RGBA, SIZE, 3, plays=7)
    animation.control(RED, delay=1, parts=3).pixels(stored(RED), first=True)
    animation.control(RED, delay=7, parts=0).pixels(stored(RED))
    animation.control(RED, delay=0, parts=9).pixels(stored(RED))
    found = read(animation.file())
    assert [frame.duration for frame in found.frames] == pytest.approx([1000 / 3, 70, 0])
    assert found.header.loop == 7


IMPOSSIBLE: dict[str, dict[str, int]] = {
    "outside": {"left": 10, "width": 8},
    "below": {"top": 0xFFFFFFFF},
    "no width": {"width": 0},
    "a wrong number": {"number": 9},
    "unknown disposal": {"disposal": 3},
    "unknown blending": {"blend": 2},
}


@pytest.mark.parametrize("why", IMPOSSIBLE)
def test_an_impossible_frame_ends_the_animation(why: str) -> None:
    """An impossible frame and all frames after it are not shown, as in Chromium, and a warning counts the rest."""
    animation = apng(RED, GREEN, announced=4).control(HALF, **IMPOSSIBLE[why]).pixels(stored(HALF))
    found = read(animation.control(RED).pixels(stored(RED)).file())
    assert max_difference(found.shown, composed([RED, GREEN], SIZE)) == 0
    assert found.warnings == ["The PNG has 2 of the 4 frames that it announces."]


@pytest.mark.parametrize("part", ["damaged", "short", "twice", "unknown critical chunk"])
def test_a_damaged_frame_control_ends_the_animation(part: str) -> None:
    """A damaged or repeated fcTL, or an unknown critical chunk, ends the animation too."""
    animation = apng(RED, announced=2).control(GREEN)
    whole = animation.chunks.pop()
    broken = {"damaged": whole[:-1] + bytes([whole[-1] ^ 1]), "short": chunk(b"fcTL", bytes(20)), "twice": whole * 2}
    animation.chunks.append(broken.get(part, chunk(b"ABCD")))
    found = read(animation.pixels(stored(GREEN)).file())
    assert len(found.frames) == 1
    assert found.warnings[-1] == "The PNG has 1 of the 2 frames that it announces."


def test_frames_beyond_those_announced_are_not_shown() -> None:
    """Frames that were not announced are skipped."""
    assert len(read(apng(RED, GREEN, HALF, announced=2).file()).frames) == 2


def test_fewer_frames_than_announced_are_shown() -> None:
    """A complete file with fewer frames than it announces shows the frames it has."""
    found = read(apng(RED, GREEN, announced=9).file())
    assert max_difference(found.shown, composed([RED, GREEN], SIZE)) == 0
    assert found.warnings == ["The PNG has 2 of the 9 frames that it announces."]


def test_a_file_that_ends_before_its_last_frame_is_truncated() -> None:
    """A file that ends within a frame, or between two frames, is truncated, wherever that is."""
    animation = apng(RED, GREEN, HALF)
    pixels = len(b"".join(animation.chunks[:-1])) + 12 + len(stored(HALF))
    for end in range(len(animation.chunks[0]), pixels - 8):  # the end of the compressed data has no pixels
        with pytest.raises((Rejected, OSError), match="truncated"):
            read(animation.file()[:end])


def test_a_file_without_its_end_chunk_is_decoded() -> None:
    """An animation that lacks only IEND is decoded."""
    assert len(read(apng(RED, GREEN).file()[:-12]).frames) == 2


def test_a_frame_without_its_last_rows_is_truncated() -> None:
    """An incomplete frame anywhere makes the animation truncated, as in browsers."""
    short = zlib.compress(zlib.decompress(stored(HALF))[:-20])
    animation = apng(RED, announced=3).control(HALF).pixels(short).control(RED).pixels(stored(RED))
    with pytest.raises(OSError, match="truncated"):
        read(animation.file())


REFUSED = {
    "a wrong checksum in a frame": "fdAT is damaged: its checksum is wrong",
    "a part of a frame missing": "missing or in the wrong order",
    "a first frame of another size": "an animation without frames",
    "no frame": "an animation without frames",
    "two controls for the first frame": "an animation without frames",
    "a wrong checksum at the end": "IEND is damaged",
}


def broken_file(what: str) -> bytes:
    animation = apng(RED, GREEN)
    match what:
        case "a wrong checksum in a frame":
            return animation.file().replace(animation.chunks[-1], animation.chunks[-1][:-4] + bytes(4))
        case "a part of a frame missing":
            animation = apng(RED, announced=2).control(HALF).pixels(stored(HALF), pieces=3)
            del animation.chunks[-2]
        case "a first frame of another size":
            animation = Apng(RGBA, SIZE, 2).control(GREEN).pixels(stored(GREEN), first=True)
        case "no frame":
            animation = apng(announced=1, default_image=RED)
        case "two controls for the first frame":
            animation = Apng(RGBA, SIZE, 2).control(RED).control(RED).pixels(stored(RED), first=True)
        case "a wrong checksum at the end":
            return animation.file()[:-1] + b"\0"
    return animation.file()


@pytest.mark.parametrize("what", REFUSED)
def test_files_that_browsers_do_not_show_are_corrupt(what: str) -> None:
    """Damaged or missing frame data, and animations without a first frame, are corrupt."""
    with pytest.raises(Rejected, match=re.escape(REFUSED[what])) as rejection:
        read(broken_file(what))
    assert rejection.value.reason is Reason.CORRUPT


def test_too_many_chunks_between_frames_are_refused() -> None:
    """Ten thousand chunks between two frames are refused; one chunk of 4 MB is skipped."""
    animation = apng(RED, announced=2)
    animation.chunks.append(chunk(b"prVt") * 10_000)
    with pytest.raises(Rejected, match="too many chunks"):
        read(animation.control(GREEN).pixels(stored(GREEN)).file())
    animation = apng(RED, announced=2)
    animation.chunks.append(chunk(b"prVt", bytes(4_000_000)))
    assert len(read(animation.control(GREEN).pixels(stored(GREEN)).file()).frames) == 2
