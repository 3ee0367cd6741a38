"""Checks for the rows about PNGs."""

import struct
import zlib
from typing import Final

import numpy as np
from PIL import Image, ImageDraw

from resizer.errors import Reason
from tests.docs.images.check import PICTURE, rejected, resized, row
from tests.support.forged import chunk
from tests.support.pictures import psnr, saved

PNG: Final = saved(PICTURE, "PNG")
TEXTS: Final = (b"tEXt", b"iTXt")  # which may be empty
NEEDED: Final = (b"IHDR", b"IDAT", b"IEND")


def damaged(data: bytes, kind: bytes) -> bytes:
    """A PNG with a wrong checksum in its first chunk of this kind."""
    at = data.index(kind)
    end = at + 4 + int.from_bytes(data[at - 4 : at], "big")
    return data[:end] + bytes([data[end] ^ 1]) + data[end + 1 :]


@row("PNG with damage in texts, XMP, profile, gAMA, sRGB, pHYs or tRNS")
def _() -> None:
    for kind in (b"tEXt", b"iTXt", b"iCCP", b"gAMA", b"sRGB", b"pHYs", b"tRNS"):
        for part in (damaged(chunk(kind, bytes(4)), kind), *[chunk(kind)] * (kind not in TEXTS)):
            rendition = resized(PNG[:33] + part + PNG[33:])
            assert kind.decode() in "".join(rendition.warnings)
            assert rendition.is_like(PICTURE, 60)


@row("PNG with damage in its size, palette, pixels or end (IHDR, PLTE, IDAT, IEND)")
def _() -> None:
    for kind in NEEDED:
        rejected(Reason.CORRUPT, damaged(PNG, kind))
    rejected(Reason.CORRUPT, damaged(saved(PICTURE.quantize(16), "PNG"), b"PLTE"))


@row("Truncated PNG")
def _() -> None:
    for cut in (40, len(PNG) // 2, len(PNG) - 100):
        rejected(Reason.TRUNCATED, PNG[:cut])
    for cut in (4, 8, 12):
        assert resized(PNG[:-cut]).is_like(PICTURE, 60)


@row("PNG in Apple's format for apps (CgBI)")
def _() -> None:
    rejected(Reason.UNSUPPORTED_FORMAT, PNG[:8] + chunk(b"CgBI", bytes(4)) + PNG[8:])


@row("16-bit PNG with a transparent colour")
def _() -> None:
    size = chunk(b"IHDR", struct.pack(">IIBBBBB", 2, 1, 16, 2, 0, 0, 0))
    pixels = struct.pack(">7H", 0, 0, 0, 0, 0, 0, 1)[1:]
    rows = chunk(b"IDAT", zlib.compress(pixels))
    rendition = resized(PNG[:8] + size + chunk(b"tRNS", bytes(6)) + rows + chunk(b"IEND"))
    assert np.asarray(rendition.image.convert("RGBA"))[0, :, 3].tolist() == [0, 255]


@row("PNG with at most 256 colours")
def _() -> None:
    drawing = Image.new("RGB", (400, 300), "white")
    ImageDraw.Draw(drawing).ellipse((40, 40, 360, 260), fill=(200, 30, 60))
    rendition = resized(saved(drawing, "PNG"), width=200)
    assert rendition.image.mode == "P"
    exact = drawing.resize((200, 150), Image.Resampling.LANCZOS)
    assert psnr(rendition.image.convert("RGB"), exact) > 40
    assert resized(PNG, width=60).image.mode == "RGB"
