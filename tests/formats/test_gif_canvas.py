"""What no frame of a GIF covers can be seen through, as in browsers."""

from __future__ import annotations

import io
import struct

import pytest
from PIL import Image

from resizer.decode.frames import decode
from resizer.decode.header import open_image
from resizer.decode.limits import Limits
from tests.support.pictures import saved

WHITE, RED, GREEN, BLUE = range(4)
PALETTE = [255, 255, 255, 200, 0, 0, 0, 200, 0, 0, 0, 200]
SHOWN = {(255, 255, 255, 255): "w", (200, 0, 0, 255): "r", (0, 200, 0, 255): "g", (0, 0, 200, 255): "b"}
LIMITS = Limits(max_pixels=1_000_000, memory=None, widths=(1000,), file_size=0)
KEEP, TO_BACKGROUND, TO_PREVIOUS = 1, 2, 3
Drawn = tuple[int, int, int, int]  # a frame: its left side, its width, its colour and what becomes of it


def gif(*frames: Drawn) -> bytes:
    """A GIF 4 pixels wide and 1 high, white in its palette's first place, of frames without a transparent colour."""
    parts = []
    for left, width, colour, disposal in frames:
        picture = Image.new("P", (width, 1), colour)
        picture.putpalette(PALETTE)
        single = saved(picture, "GIF", optimize=False)
        start = 13 + (3 << (single[10] & 7) + 1)
        control = struct.pack("<4BHBB", 0x21, 0xF9, 4, disposal << 2, 10, 0, 0)
        parts.append(control + single[start : start + 1] + struct.pack("<H", left) + single[start + 3 : -1])
    return single[:6] + struct.pack("<HH", 4, 1) + single[10:start] + b"".join(parts) + b";"


def shown(data: bytes) -> list[str]:
    """Each frame as its pixels' colours, a dot for what is clear."""
    frames = decode(*open_image(io.BytesIO(data), LIMITS), (1000, 1))
    pixels = [frame.pixels.convert("RGBA").tobytes() for frame in frames]
    return [
        "".join(SHOWN.get((row[at], row[at + 1], row[at + 2], row[at + 3]), ".") for at in range(0, 16, 4))
        for row in pixels
    ]


@pytest.mark.parametrize(
    ("frames", "pictures"),
    [
        ([(1, 2, RED, KEEP)], [".rr."]),
        ([(0, 4, RED, KEEP)], ["rrrr"]),
        ([(1, 2, RED, KEEP), (2, 2, GREEN, KEEP)], [".rr.", ".rgg"]),
        ([(1, 2, RED, TO_BACKGROUND), (3, 1, GREEN, KEEP)], [".rr.", "...g"]),
        ([(1, 2, RED, TO_PREVIOUS), (3, 1, GREEN, KEEP)], [".rr.", "...g"]),
        (
            [(0, 4, RED, KEEP), (1, 2, GREEN, TO_BACKGROUND), (3, 1, BLUE, TO_PREVIOUS), (0, 1, GREEN, KEEP)],
            ["rrrr", "rggr", "r..b", "g..r"],
        ),
    ],
)
def test_what_no_frame_covers_is_clear(frames: list[Drawn], pictures: list[str]) -> None:
    """What a frame has not covered, or has left when its time was over, is clear and never in the palette's colour."""
    assert shown(gif(*frames)) == pictures


def test_a_picture_that_covers_its_screen_is_not_made_transparent() -> None:
    """A single frame over the whole screen stays without an alpha channel, which would cost memory."""
    pixels = next(decode(*open_image(io.BytesIO(gif((0, 4, RED, TO_BACKGROUND))), LIMITS), (1000, 1))).pixels
    assert pixels.mode == "RGB"


@pytest.mark.parametrize("disposal", [KEEP, TO_BACKGROUND])
def test_a_transparent_colour_stays_so(disposal: int) -> None:
    """Where a GIF has a transparent colour, that is clear as it was, within its frames and around them."""
    pictures = [Image.new("P", (4, 1), WHITE) for _ in range(2)]
    for number, picture in enumerate(pictures):
        picture.putpalette(PALETTE)
        picture.putpixel((number, 0), RED)
    options = {"transparency": WHITE, "disposal": disposal, "optimize": False, "duration": 50}
    data = saved(pictures[0], "GIF", save_all=True, append_images=pictures[1:], **options)
    assert shown(data) == ["r...", "rr.." if disposal == KEEP else ".r.."]
