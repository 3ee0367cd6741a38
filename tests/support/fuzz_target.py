"""Reads one input of the fuzzer: header, pixels, colours and metadata. The result is a picture or a rejection."""

import io
from functools import partial

from resizer.color.srgb import source_colors, to_srgb
from resizer.decode.frames import decode
from resizer.decode.header import Limits, open_image
from resizer.errors import Rejected
from resizer.layout.views import at_views
from resizer.memory.plan import MB
from resizer.metadata.exif import kept_exif
from tests.support.plans import of_widths, whole_view

MAX_WIDTH_PIXELS = 16  # pixels
PIXELS = 1_000_000  # of all frames; fuzzing needs many small pictures


def read(data: bytes) -> str:
    """The size of the picture, or the reason of its rejection. Any exception is a finding."""
    limits = Limits(max_pixels=PIXELS, memory=64 * MB, planned=of_widths(MAX_WIDTH_PIXELS), file_size=len(data))
    try:
        image, header = open_image(io.BytesIO(data), limits)
        for keep in ("copyright", "all"):
            kept_exif(image, keep, lambda _: None)
        ignore = list[str]().append
        finish = partial(to_srgb, colors=source_colors(image.info, header, ignore), warn=ignore)
        width, height = header.upright_size
        view = whole_view(header.upright_size, (min(width, MAX_WIDTH_PIXELS), min(height, MAX_WIDTH_PIXELS)))
        next(at_views(decode(image, header, (MAX_WIDTH_PIXELS, MAX_WIDTH_PIXELS)), header, [view], finish))
    except Rejected as rejection:
        return str(rejection.reason)
    return f"{header.width} x {header.height}"
