"""One picture, decoded."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from resizer.decode.frames import decode
from resizer.decode.header import open_image
from resizer.decode.limits import Limits
from tests.support.pictures import photo_like

if TYPE_CHECKING:
    from PIL import Image

LIMIT = 200_000_000
LIMITS = Limits(LIMIT, memory=None, widest=1000, file_size=0)
FORMATS = ["JPEG", "PNG", "WEBP", "GIF", "TIFF", "BMP"]
PICTURE = photo_like(60, 40)


def pixels_of(data: bytes, widest: int = 1000) -> Image.Image:
    return next(decode(*open_image(io.BytesIO(data), LIMITS), widest)).pixels
