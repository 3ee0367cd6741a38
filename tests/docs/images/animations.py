"""Checks for the rows about animations."""

import struct
import zlib
from typing import Final

import numpy as np
from PIL import Image

from resizer.errors import Reason
from tests.docs.images.check import rejected, resized, row
from tests.formats.test_apng import GREEN, HALF, RED, apng, stored
from tests.formats.test_gif import GREEN as GREEN_INDEX
from tests.formats.test_gif import RED as RED_INDEX
from tests.formats.test_gif import SIZE as GIF_SIZE
from tests.formats.test_gif import gif, loop, solid
from tests.formats.test_webp import animation, frame
from tests.support.animated import CLEAR, RESTORE, Drawn, lzw
from tests.support.pictures import opened, saved

COLOURS: Final = [(200, 0, 0), (0, 200, 0), (0, 0, 200)]
FRAMES: Final = [Image.new("RGB", (16, 12), colour) for colour in COLOURS]


def animated(format_: str) -> bytes:
    """Three frames, each of one colour and 70 ms, that play three times."""
    plays = {"loop": 2 if format_ == "GIF" else 3}
    options = {"lossless": True} if format_ == "WEBP" else {}
    return saved(FRAMES[0], format_, save_all=True, append_images=FRAMES[1:], duration=70, **plays, **options)


def have_colours(frames: list[tuple[int, ...]], expected: list[tuple[int, int, int]]) -> bool:
    """Whether the frames are opaque and nearly of these colours."""
    return len(frames) == len(expected) and bool(
        (np.abs(np.array(frames) - [(*colour, 255) for colour in expected]) < 30).all()
    )


@row("Animated GIF, WebP or PNG")
def _() -> None:
    for format_ in ("GIF", "WEBP", "PNG"):
        rendition = resized(animated(format_))
        assert rendition.kind == format_
        assert have_colours(rendition.frames, COLOURS)
        assert rendition.image.info["loop"] == (2 if format_ == "GIF" else 3)
        assert rendition.image.info["duration"] == 70


@row("Animation with blending or disposal")
def _() -> None:
    beneath = [(230, 230, 230, 255), (100, 100, 100, 255)]
    size, place = (8, 6), (4, 4)
    for disposal in (CLEAR, RESTORE):
        frames = [
            Drawn(np.full((12, 16, 4), beneath[0]) / 255),
            Drawn(np.full((*size[::-1], 4), (0, 0, 200, 128)) / 255, place, disposal, over=True),
            Drawn(np.full((1, 1, 4), beneath[1]) / 255, over=True),
        ]
        kinds = {"PNG": apng_of(frames)} | ({"WEBP": animation(*map(frame, frames))} if disposal == CLEAR else {})
        for kind, data in kinds.items():
            image = opened(resized(data, formats=("png",)).data)
            image.seek(1)
            assert np.abs(np.array(image.convert("RGBA").getpixel((6, 6))) - (115, 115, 215, 255)).max() <= 4, kind
            image.seek(2)
            expected = (0, 0, 0, 0) if disposal == CLEAR else beneath[0]
            assert image.convert("RGBA").getpixel((6, 6)) == expected, kind


def apng_of(frames: list[Drawn]) -> bytes:
    """An animated PNG of 16 x 12 pixels with these frames."""
    animation = type(apng(RED))(apng(RED).kind, (16, 12), len(frames))
    for number, each in enumerate(frames):
        animation.control(each).pixels(stored(each), first=not number)
    return animation.file()


@row("Animated PNG with a single frame and a separate still picture")
def _() -> None:
    assert resized(apng(GREEN, announced=1, default_image=RED).file()).image.getpixel((1, 1)) == (0, 200, 0, 255)


@row("GIF frame that reaches outside the picture")
def _() -> None:
    clipped = resized(gif(solid(RED_INDEX), solid(GREEN_INDEX, (6, 6), (7, 5))))
    assert clipped.image.size == GIF_SIZE
    nothing = struct.pack("<B4HB", 0x2C, 2, 2, 0, 0, 0) + lzw(np.zeros(1, np.int64))
    for hidden in (solid(GREEN_INDEX, (4, 4), (50, 50)), nothing):
        frames = resized(gif(solid(RED_INDEX), hidden, solid(GREEN_INDEX))).frames
        assert have_colours(frames, [COLOURS[0]] * (len(frames) - 1) + [COLOURS[1]])


@row("GIF frame with disposal 4, 5, 6 or 7")
def _() -> None:
    for disposal, beneath in ((4, COLOURS[0]), (5, COLOURS[1]), (6, COLOURS[1]), (7, COLOURS[1])):
        data = gif(solid(RED_INDEX), solid(GREEN_INDEX, disposal=disposal), solid(2, (3, 3), (5, 5)))
        assert have_colours(resized(data, formats=("png",)).frames, [COLOURS[0], COLOURS[1], beneath])


@row("GIF with its loop block after the first frame")
def _() -> None:
    for name in (b"NETSCAPE2.0", b"ANIMEXTS1.0"):
        rendition = resized(gif(solid(RED_INDEX), loop(4, name), solid(GREEN_INDEX)))
        assert rendition.image.info["loop"] == 4


@row("Animation with a frame that ends early")
def _() -> None:
    short = struct.pack("<B4HB", 0x2C, 0, 0, *GIF_SIZE, 0) + lzw(np.zeros(50, np.int64))
    rejected(Reason.TRUNCATED, gif(solid(RED_INDEX), short, solid(GREEN_INDEX)))
    cut = zlib.compress(zlib.decompress(stored(HALF))[:-20])
    rejected(Reason.TRUNCATED, apng(RED, announced=3).control(HALF).pixels(cut).control(RED).pixels(stored(RED)).file())
    webp = bytearray(animated("WEBP"))
    second = webp.index(b"VP8L", webp.index(b"VP8L") + 4)
    size = int.from_bytes(webp[second + 4 : second + 8], "little")
    webp[second + 14 : second + 8 + size] = bytes(size - 6)
    rejected(Reason.CORRUPT, bytes(webp))


@row("Animated AVIF")
def _() -> None:
    rendition = resized(saved(FRAMES[0], "AVIF", speed=10, save_all=True, append_images=FRAMES[1:]))
    assert rendition.kind == "JPEG"
    assert have_colours(rendition.frames, COLOURS[:1])


@row("Animation, written as JPEG")
def _() -> None:
    assert have_colours(resized(animated("WEBP"), formats=("jpeg",)).frames, COLOURS[:1])


@row("Animation, written as AVIF")
def _() -> None:
    rendition = resized(animated("GIF"), formats=("avif",))
    assert have_colours(rendition.frames, COLOURS)
    duration = rendition.data.index(b"tkhd") + 32
    assert rendition.data[duration : duration + 8] == b"\xff" * 8  # no end
    assert b"elst\1\0\0\1" in rendition.data  # the last bit means: repeat (ISO/IEC 14496-12, 8.6.6)
