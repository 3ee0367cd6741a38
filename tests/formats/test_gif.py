"""A GIF looks as in browsers: frames are clipped, disposed of and repeated the same way."""

import random
import re
import struct
from typing import Any

import numpy as np
import pytest

from resizer.errors import Reason, Rejected
from resizer.formats.gif import GifSource
from tests.formats.reading import Read, max_difference
from tests.formats.reading import read as read_by
from tests.support.animated import CLEAR, KEEP, RESTORE, Drawn, composed, lzw

SIZE = (12, 10)
PALETTE = bytes([200, 0, 0, 0, 200, 0, 0, 0, 200, 255, 255, 255])
RED, GREEN, BLUE, WHITE = range(4)
DISPOSALS = {0: KEEP, 1: KEEP, 2: CLEAR, 3: RESTORE, 4: RESTORE, 5: KEEP, 6: KEEP, 7: KEEP}


def read(data: bytes) -> Read:
    return read_by(GifSource(), data)


def gif(*parts: bytes, size: tuple[int, int] = SIZE, palette: bytes = PALETTE, end: bytes = b";") -> bytes:
    flags = 0x80 | (len(palette) // 3 - 1).bit_length() - 1 if palette else 0
    return b"GIF89a" + struct.pack("<HHBBB", *size, flags, RED, 0) + palette + b"".join(parts) + end


def control(disposal: int = 0, transparent: int | None = None, delay: int = 10) -> bytes:
    flags = disposal << 2 | (transparent is not None)
    return struct.pack("<4BHBB", 0x21, 0xF9, 4, flags, delay, transparent or 0, 0)


def image(indices: Any, place: tuple[int, int] = (0, 0), *, palette: bytes = b"", interlaced: bool = False) -> bytes:
    """A frame from rows of indices. Interlaced frames are written in four passes (GIF89a, appendix E)."""
    height, width = np.shape(indices)
    flags = (0x80 | (len(palette) // 3 - 1).bit_length() - 1 if palette else 0) | 0x40 * interlaced
    rows = np.asarray(indices)
    if interlaced:
        rows = np.concatenate([rows[0::8], rows[4::8], rows[2::4], rows[1::2]])
    return struct.pack("<B4HB", 0x2C, *place, width, height, flags) + palette + lzw(rows)


def solid(colour: int, size: tuple[int, int] = SIZE, place: tuple[int, int] = (0, 0), **options: Any) -> bytes:
    return control(**options) + image(np.full((size[1], size[0]), colour), place)


def drawn(colour: int, size: tuple[int, int] = SIZE, place: tuple[int, int] = (0, 0), disposal: int = KEEP) -> Drawn:
    rgba = np.full((size[1], size[0], 4), (*PALETTE[3 * colour : 3 * colour + 3], 255)) / 255
    return Drawn(rgba, place, disposal, over=True)


def loop(repeats: int, name: bytes = b"NETSCAPE2.0") -> bytes:
    return b"!\xff\x0b" + name + b"\3\1" + struct.pack("<H", repeats) + b"\0"


@pytest.mark.parametrize("seed", range(24))
def test_frames_of_every_kind_are_composed(seed: int) -> None:
    """Clipping, palettes, transparency, interlacing and every disposal match an independent compositor."""
    dice, parts, frames = random.Random(seed), [], []
    for number in range(6):
        width, height = dice.choice([SIZE, (dice.randint(1, 12), dice.randint(1, 10))]) if number else SIZE
        place = (dice.randint(0, 14), dice.randint(0, 12)) if number else (0, 0)
        palette = dice.randbytes(3 * 16) if dice.random() < 0.4 else b""
        colours = len(palette or PALETTE) // 3
        indices = np.random.default_rng([seed, number]).integers(0, colours, (height, width))
        transparent = dice.choice([None, dice.randrange(colours)])
        disposal = dice.randrange(8)
        parts.append(control(disposal, transparent))
        parts.append(image(indices, place, palette=palette, interlaced=dice.random() < 0.3))
        table = np.column_stack([np.frombuffer(palette or PALETTE, np.uint8).reshape(-1, 3), np.full(colours, 255)])
        if transparent is not None:
            table[transparent] = 0
        frames.append(Drawn(table[indices] / 255, place, DISPOSALS[disposal], over=True))
    assert max_difference(read(gif(*parts)).shown, composed(frames, SIZE)) <= 0.1


@pytest.mark.parametrize(
    ("size", "place"), [((0, 4), (2, 2)), ((4, 0), (2, 2)), ((0, 0), (0, 0)), ((4, 4), (12, 0)), ((4, 4), (50, 50))]
)
def test_a_frame_that_shows_nothing_is_a_frame(size: tuple[int, int], place: tuple[int, int]) -> None:
    """An empty frame, or one outside the picture, shows the picture so far for its duration and disposes of nothing."""
    nothing = control(2, delay=30) + struct.pack("<B4HB", 0x2C, *place, *size, 0) + lzw(np.zeros(1, np.int64))
    found = read(gif(solid(RED), nothing, solid(GREEN, (2, 2))))
    assert max_difference(found.shown, composed([drawn(RED), drawn(RED), drawn(GREEN, (2, 2))], SIZE)) == 0
    assert [frame.duration for frame in found.frames] == [100, 300, 100]


def test_later_frames_do_not_enlarge_the_picture() -> None:
    """A later frame that reaches outside the picture is clipped."""
    found = read(gif(solid(RED), solid(GREEN, (6, 6), (7, 5))))
    assert (found.header.width, found.header.height) == SIZE
    assert max_difference(found.shown, composed([drawn(RED), drawn(GREEN, (6, 6), (7, 5))], SIZE)) == 0


@pytest.mark.parametrize("screen", [(0, 0), (4, 4), SIZE])
def test_the_first_frame_may_be_larger_than_the_header_says(screen: tuple[int, int]) -> None:
    """The picture is as large as its header or first frame says: headers of old files are too small."""
    found = read(gif(solid(RED), solid(GREEN, (3, 3), (2, 1)), size=screen))
    assert max_difference(found.shown, composed([drawn(RED), drawn(GREEN, (3, 3), (2, 1))], SIZE)) == 0


def test_uncovered_parts_are_transparent() -> None:
    """A still that covers only a part of its picture leaves the rest transparent, whatever the background colour."""
    found = read(gif(solid(GREEN, (4, 4), (3, 2))))
    assert (found.header.mode, found.header.has_transparency) == ("RGBA", True)
    assert max_difference(found.shown, composed([drawn(GREEN, (4, 4), (3, 2))], SIZE)) == 0


@pytest.mark.parametrize("transparent", [None, GREEN])
def test_a_still_keeps_its_palette(transparent: int | None) -> None:
    """A still that covers its whole picture keeps its palette, and so takes a quarter of the memory."""
    found = read(gif(solid(RED, transparent=transparent)))
    assert (found.frames[0].pixels.mode, found.header.mode) == ("P", "P")
    assert found.header.has_transparency == (transparent is not None)
    assert max_difference(found.shown, composed([drawn(RED)], SIZE)) == 0


@pytest.mark.parametrize("disposal", range(8))
def test_an_animation_is_opaque_if_its_frames_are_kept(disposal: int) -> None:
    """An animation has transparency if a frame is cleared or replaced with what was before it."""
    found = read(gif(solid(RED, disposal=disposal), solid(GREEN)))
    assert found.header.has_transparency == (disposal in {2, 3, 4})


@pytest.mark.parametrize("name", [b"NETSCAPE2.0", b"ANIMEXTS1.0"])
@pytest.mark.parametrize("place", [0, 1, 2])
@pytest.mark.parametrize(("repeats", "plays"), [(0, 0), (1, 2), (65_535, 65_536)])
def test_loop_blocks_count_wherever_they_are(name: bytes, place: int, repeats: int, plays: int) -> None:
    """A loop block of either name counts before, between and after the frames."""
    parts = [solid(RED), solid(GREEN)]
    parts.insert(place, loop(repeats, name))
    assert read(gif(*parts)).header.loop == plays


def test_the_last_loop_block_counts() -> None:
    """The later of two loop blocks counts; a block without a number is ignored, and the animation plays once."""
    odd = b"!\xff\x0bNETSCAPE2.0\5\2\1\0\0\0\0"
    assert read(gif(loop(5), solid(RED), loop(3), solid(GREEN))).header.loop == 4
    assert read(gif(odd, solid(RED), solid(GREEN))).header.loop == 1
    assert read(gif(solid(RED), solid(GREEN))).header.loop == 1


def test_a_graphic_control_counts_for_one_frame() -> None:
    """A frame without a graphic control is kept and has no duration; the later of two graphic controls counts."""
    plain = image(np.full((3, 3), GREEN))
    found = read(gif(solid(RED, disposal=2), plain, control(2, GREEN) + control(0, delay=70) + plain))
    assert [frame.duration for frame in found.frames] == [100, 0, 700]
    frames = [drawn(RED, disposal=CLEAR), drawn(GREEN, (3, 3)), drawn(GREEN, (3, 3))]
    assert max_difference(found.shown, composed(frames, SIZE)) == 0


@pytest.mark.parametrize("palette", [b"", PALETTE[:6]])
def test_colours_beyond_the_palette_are_black(palette: bytes) -> None:
    """Indices beyond the palette are black, as in Chromium."""
    assert read(gif(solid(WHITE), palette=palette)).shown[0].max(axis=(0, 1)).tolist() == [0, 0, 0, 255]


@pytest.mark.parametrize("junk", [b"\0\0", b"xx", b""])
def test_an_unknown_block_ends_the_file(junk: bytes) -> None:
    """A GIF without a trailer is decoded, and frames after an unknown block are not shown."""
    found = read(gif(solid(RED), junk, solid(GREEN) if junk else b"", end=b""))
    assert max_difference(found.shown, composed([drawn(RED)], SIZE)) == 0


@pytest.mark.parametrize("number", [0, 1])
@pytest.mark.parametrize("way", ["early end", "no pixels", "cut off"])
def test_a_frame_without_its_last_rows_is_truncated(number: int, way: str) -> None:
    """An incomplete frame anywhere makes the animation truncated, as in browsers."""
    short = {"early end": lzw(np.zeros(50, np.int64)), "no pixels": b"\2\0", "cut off": lzw(np.zeros(120, np.int64))}
    frame = struct.pack("<B4HB", 0x2C, 0, 0, *SIZE, 0) + short[way]
    parts = [solid(RED)] * number + [frame]
    data = gif(*parts, end=b"")[:-20] if way == "cut off" else gif(*parts, solid(GREEN))
    with pytest.raises(OSError, match="truncated"):
        read(data)


def test_a_file_that_ends_within_a_frames_header_is_truncated() -> None:
    """A file that ends within a frame's header has pixels missing."""
    for end in (1, 5, 9):
        with pytest.raises(Rejected) as rejection:
            read(gif(solid(RED), control(), image(np.zeros((10, 12), np.int64))[:end], end=b""))
        assert rejection.value.reason is Reason.TRUNCATED


REFUSED = {
    "no frame": (gif(), "has no frame"),
    "blocks without end": (gif(b"!\xfe" + b"\1x" * 150_000 + b"\0", solid(RED)), "small blocks"),
    "a frame of 3 GB": (gif(solid(RED), struct.pack("<B4HB", 0x2C, 0, 0, 60_000, 60_000, 0)), "60000 x 60000"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_floods_and_empty_files_are_refused(what: str) -> None:
    """A file without a frame, a flood of blocks and a huge frame are rejected before decoding."""
    data, why = REFUSED[what]
    with pytest.raises(Rejected, match=re.escape(why)):
        read(data)


def test_a_picture_without_a_size_is_refused() -> None:
    """A GIF is refused if neither the header nor the first frame has a size."""
    with pytest.raises(SyntaxError):
        read(gif(struct.pack("<B4HB", 0x2C, 0, 0, 0, 0, 0) + b"\2\0", size=(0, 0)))


def test_counting_frames_stops_at_the_limit() -> None:
    """Counting stops when the frames have more pixels than allowed."""
    data = gif(*[solid(RED)] * 50)
    assert read_by(GifSource(), data, max_pixels=50 * 120).header.frames == 50
    assert read_by(GifSource(), data, max_pixels=10 * 120).header.frames == 11
