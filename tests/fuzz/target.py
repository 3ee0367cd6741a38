"""What every input of the fuzzer goes through: header, decode, colours and metadata, to a picture or a refusal."""

from __future__ import annotations

import io
from functools import partial

from resizer.color import source_colors, to_srgb
from resizer.decode import decode
from resizer.errors import Rejected
from resizer.header import open_image
from resizer.limits import Limits
from resizer.memory_plan import MB
from resizer.metadata import kept_exif
from resizer.resample import from_decoded

WIDEST = 16  # pixels
PIXELS = 1_000_000  # over all frames: fuzzing lives from many small pictures


def read(data: bytes) -> str:
    """The size of the picture that the bytes hold, or the reason why they are refused; anything else is a finding."""
    limits = Limits(PIXELS, 64 * MB, WIDEST, len(data))
    try:
        image, header = open_image(io.BytesIO(data), limits)
        for keep in ("copyright", "all"):
            kept_exif(image, keep, lambda _: None)
        ignore = list[str]().append
        finish = partial(to_srgb, colors=source_colors(image.info, header, ignore), warn=ignore)
        width, height = header.upright_size
        from_decoded(decode(image, header, WIDEST), header, (min(width, WIDEST), min(height, WIDEST)), finish)
    except Rejected as rejection:
        return str(rejection.reason)
    return f"{header.width} x {header.height}"
