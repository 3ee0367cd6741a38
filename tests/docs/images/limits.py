"""Checks for the rows about Content-Encoding and limits."""

import gzip
import random
import zlib
from typing import Final

from PIL import Image

from resizer.errors import Reason
from tests.docs.images.check import PICTURE, rejected, resized, row, same
from tests.support.forged import chunk, png, webp_frames
from tests.support.pictures import saved

JPEG: Final = saved(PICTURE)


@row("Object with `Content-Encoding: gzip` or `deflate`")
def _() -> None:
    for encoding, stored in (("gzip", gzip.compress(JPEG)), ("deflate", zlib.compress(JPEG)), ("gzip", JPEG)):
        assert same(resized(stored, encoding=encoding), resized(JPEG))
    large = gzip.compress(png(700, 700, pixels=random.Random(1).randbytes(701 * 700)))
    rejected(Reason.TOO_MANY_BYTES, large, encoding="gzip", max_bytes=100_000)
    bomb = gzip.compress(png(700, 700, chunk(b"prVt", bytes(400_000)), (b"\0" + bytes(700)) * 700))
    assert len(bomb) < 10_000
    rejected(Reason.TOO_MANY_BYTES, bomb, encoding="gzip", max_bytes=100_000)


@row("Object with another `Content-Encoding`, such as `br`")
def _() -> None:
    for encoding in ("br", "zstd", "compress"):
        rejected(Reason.UNSUPPORTED_ENCODING, b"\x8b" + JPEG[::-1], encoding=encoding)
        assert same(resized(JPEG, encoding=encoding), resized(JPEG))


@row("More pixels than `RESIZER_MAX_PIXELS`, over all frames, or more than 20,000 frames")
def _() -> None:
    for data in (png(6000, 6000), JPEG):
        rejected(Reason.TOO_MANY_PIXELS, data, max_pixels=10_000)
    frames = [Image.new("RGB", (50, 50), (50 * number, 0, 0)) for number in range(5)]
    for format_ in ("GIF", "PNG", "WEBP"):
        data = saved(frames[0], format_, save_all=True, append_images=frames[1:], duration=50)
        rejected(Reason.TOO_MANY_PIXELS, data, max_pixels=12_499)
        assert len(resized(data, max_pixels=12_500).frames) == 5
    rejected(Reason.TOO_MANY_PIXELS, webp_frames(20_001))


@row("More bytes than `RESIZER_MAX_BYTES`")
def _() -> None:
    rejected(Reason.TOO_MANY_BYTES, JPEG, max_bytes=len(JPEG) - 1)
    assert resized(JPEG, max_bytes=len(JPEG)).kind == "JPEG"


@row("More memory than the function has left")
def _() -> None:
    rejected(Reason.NEEDS_MEMORY, png(9999, 9999), function_memory=128)


@row("Rendition above its format's maximum: 65,500 pixels in JPEG, 16,383 in WebP")
def _() -> None:
    tall = png(1, 65_501, pixels=b"\0\0" * 65_501)
    rejected(Reason.TOO_WIDE_FOR_FORMAT, tall, formats=("jpeg",))
    rejected(Reason.TOO_WIDE_FOR_FORMAT, tall, formats=("webp",))
    assert resized(tall).image.size == (1, 65_501)
    assert resized(png(1, 16_383, pixels=b"\0\0" * 16_383), formats=("webp",)).image.size == (1, 16_383)
