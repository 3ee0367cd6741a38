"""Writes an animated PNG frame by frame: Pillow would keep every frame in memory twice until the end."""

from __future__ import annotations

import io
import struct
from fractions import Fraction
from itertools import count
from typing import TYPE_CHECKING, Final

from PIL import ImageChops
from PIL.PngImagePlugin import getchunks, putchunk

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from PIL import Image

    from resizer.formats.base import SaveOptions

MAX_PLAYS: Final = (1 << 31) - 1
MAX_DURATION: Final = 65_535_000  # milliseconds; a delay is a fraction of two 16-bit numbers
MAX_PART: Final = 65_535
SOMEWHERE: Final = (0, 0, 1, 1)  # drawn if nothing has changed: frames must not be empty


def save_apng(pictures: Iterator[Image.Image], options: SaveOptions, how: Mapping[str, int]) -> bytes:
    """Encode frames of one mode and size as an animated PNG; `how` are the options for deflate.

    Only the part of a frame that differs from the one before is written.
    """
    file, numbers, before = io.BytesIO(b"\x89PNG\r\n\x1a\n"), count(), None
    file.seek(0, io.SEEK_END)
    for picture, duration in zip(pictures, options.durations, strict=True):
        if before is None:
            _put_first(file, picture, options, how, next(numbers))
        else:
            box = ImageChops.difference(before, picture).getbbox(alpha_only=False) or SOMEWHERE
            putchunk(file, b"fcTL", _control(next(numbers), box, duration))
            changed = picture if box == (0, 0, *picture.size) else picture.crop(box)
            for kind, body, _ in getchunks(changed, **how):
                if kind == b"IDAT":
                    putchunk(file, b"fdAT", struct.pack(">I", next(numbers)), body)
            del changed, body
        before = picture
    putchunk(file, b"IEND")
    return file.getvalue()


def _put_first(
    file: io.BytesIO, picture: Image.Image, options: SaveOptions, how: Mapping[str, int], number: int
) -> None:
    """Write the header and the first frame, which viewers without animation show."""
    exif = {"exif": options.exif} if options.exif else {}
    plays = min(1 if options.plays is None else options.plays, MAX_PLAYS)
    for kind, body, _ in getchunks(picture, **how, **exif):
        if kind != b"IEND":
            putchunk(file, kind, body)
        if kind == b"IHDR":
            putchunk(file, b"acTL", struct.pack(">II", len(options.durations), plays))
            putchunk(file, b"fcTL", _control(number, (0, 0, *picture.size), options.durations[0]))


def _control(number: int, box: tuple[int, int, int, int], duration: float) -> bytes:
    left, top, right, bottom = box
    delay = _delay(duration)
    return struct.pack(
        ">5I2H2B", number, right - left, bottom - top, left, top, delay.numerator, delay.denominator, 0, 0
    )


def _delay(duration: float) -> Fraction:
    """The nearest delay in seconds that an animated PNG can express, for a duration in milliseconds."""
    delay = Fraction(min(duration, MAX_DURATION) / 1000).limit_denominator(MAX_PART)
    return delay if delay.numerator <= MAX_PART else Fraction(round(delay))
