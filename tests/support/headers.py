"""Reads headers of images, and makes files whose headers claim a wrong size."""

import io
import struct

from resizer.decode.header import Limits, open_image
from resizer.model import Header
from tests.support.forged import chunk
from tests.support.pictures import noise, photo_like, saved
from tests.support.plans import of_widths

LIMIT = 100_000_000


def header_of(data: bytes, max_pixels: int = LIMIT) -> Header:
    return open_image(
        io.BytesIO(data), Limits(max_pixels=max_pixels, memory=None, planned=of_widths(1000), file_size=len(data))
    )[1]


def png_claiming(width: int, height: int) -> bytes:
    """A PNG with a valid header and no pixels."""
    size = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + size + chunk(b"IDAT", b"no pixels") + chunk(b"IEND")


def jpeg_claiming(width: int, height: int) -> bytes:
    """A JPEG whose frame header claims this size."""
    data = saved(photo_like(16, 16))
    at = data.index(b"\xff\xc0") + 5
    return data[:at] + struct.pack(">HH", height, width) + data[at + 4 :]


def animated(format_: str, frames: int, size: tuple[int, int] = (100, 50)) -> bytes:
    first, *rest = [noise(*size, seed=number) for number in range(frames)]
    return saved(first, format_, save_all=True, append_images=rest)
