"""Decodes a picture."""

import io

from PIL import Image

from resizer.decode.frames import decode
from resizer.decode.header import Limits, open_image
from resizer.planning.geometry import wanted_size
from tests.support.pictures import photo_like
from tests.support.plans import of_widths, rendition_size, whole_view

LIMIT = 200_000_000
LIMITS = Limits(max_pixels=LIMIT, memory=None, planned=of_widths(1000), file_size=0)
FORMATS = ["JPEG", "PNG", "WEBP", "GIF", "TIFF", "BMP"]
PICTURE = photo_like(60, 40)


def pixels_of(data: bytes, widest: int = 1000) -> Image.Image:
    image, header = open_image(io.BytesIO(data), LIMITS)
    view = whole_view(header.upright_size, rendition_size(header.upright_size, widest))
    return next(decode(image, header, wanted_size(header, [view]))).pixels
