"""pyvips at its best: thumbnail (scaled decode, upright), each further size from the one before, held in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyvips

from bench.peers.objects import fetch, store
from bench.peers.serve import QUALITY, WEBP_QUALITY, WIDTHS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.peers.serve import Task

SUFFIXES = {
    "JPEG": f".jpg[Q={QUALITY},keep=none]",
    "PNG": ".png[keep=none]",
    "WEBP": f".webp[Q={WEBP_QUALITY},keep=none]",
}
TALLEST = 10_000_000  # libvips's own "no limit"


def resize(task: Task) -> int:
    """Resize one object; the renditions' bytes."""
    pictures = zip(WIDTHS, cascade(fetch(task)), strict=True)
    return sum(store(task, width, picture.write_to_buffer(SUFFIXES[task.format])) for width, picture in pictures)


def cascade(original: bytes) -> Iterator[Any]:
    """The pixels of each width, widest first."""
    picture = pyvips.Image.thumbnail_buffer(original, WIDTHS[0], height=TALLEST, size="down").copy_memory()
    yield picture
    for width in WIDTHS[1:]:
        picture = picture.thumbnail_image(width, height=TALLEST, size="down").copy_memory()
        yield picture
