"""pyvips at its best: `thumbnail` decodes to scale and turns upright; each size is made from the one before."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyvips
from PIL import Image

from bench.peers.objects import fetch, store
from bench.peers.serve import QUALITY, WEBP_QUALITY, WIDTHS, Task

SUFFIXES = {
    "JPEG": f".jpg[Q={QUALITY},keep=none]",
    "PNG": ".png[keep=none]",
    "WEBP": f".webp[Q={WEBP_QUALITY},keep=none]",
}
NO_HEIGHT_LIMIT = 10_000_000  # higher than any picture


def resize(task: Task) -> int:
    """Resize one object; returns the bytes of the renditions."""
    pictures = zip(WIDTHS, cascade(fetch(task)), strict=True)
    return sum(store(task, width, picture.write_to_buffer(SUFFIXES[task.format])) for width, picture in pictures)


def cascade(original: bytes) -> Iterator[Any]:
    """The pixels of each width, widest first."""
    picture = pyvips.Image.thumbnail_buffer(original, WIDTHS[0], height=NO_HEIGHT_LIMIT, size="down").copy_memory()
    yield picture
    for width in WIDTHS[1:]:
        picture = picture.thumbnail_image(width, height=NO_HEIGHT_LIMIT, size="down").copy_memory()
        yield picture


def pixels(photo: Path) -> list[Image.Image]:
    """The pixels of each rendition before they are encoded, widest first."""
    return [Image.fromarray(picture.numpy()) for picture in cascade(photo.read_bytes())]
