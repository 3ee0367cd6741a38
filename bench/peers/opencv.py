"""OpenCV at its best: JPEGs decoded at 1/2, 1/4 or 1/8, then INTER_AREA, as its manual advises."""

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from PIL import Image

from bench.peers.objects import fetch, store
from bench.peers.serve import QUALITY, WEBP_QUALITY, WIDTHS, Task

REDUCED = {8: cv2.IMREAD_REDUCED_COLOR_8, 4: cv2.IMREAD_REDUCED_COLOR_4, 2: cv2.IMREAD_REDUCED_COLOR_2}
ENCODINGS = {
    "JPEG": (".jpg", [cv2.IMWRITE_JPEG_QUALITY, QUALITY]),
    "PNG": (".png", []),
    "WEBP": (".webp", [cv2.IMWRITE_WEBP_QUALITY, WEBP_QUALITY]),
}
cv2.setNumThreads(1)


def resize(task: Task) -> int:
    """Resize one object; returns the bytes of the renditions."""
    suffix, options = ENCODINGS[task.format]
    written = 0
    for width, scaled in zip(WIDTHS, cascade(fetch(task)), strict=True):
        encoded = cv2.imencode(suffix, scaled, options)[1]
        written += store(task, width, encoded.tobytes())
    return written


def cascade(original: bytes) -> Iterator[Any]:
    """The pixels of each width, widest first: BGR or BGRA arrays."""
    scaled: Any = cv2.imdecode(np.frombuffer(original, np.uint8), _flags(original))
    for width in WIDTHS:
        height, stored_width = scaled.shape[:2]
        if width < stored_width:
            size = (width, max(1, round(height * width / stored_width)))
            scaled = cv2.resize(scaled, size, interpolation=cv2.INTER_AREA)
        yield scaled


def pixels(photo: Path) -> list[Image.Image]:
    """The pixels of each rendition before they are encoded, widest first."""
    return [Image.fromarray(_rgb(each)) for each in cascade(photo.read_bytes())]


def _rgb(bgr: Any) -> Any:
    return np.ascontiguousarray(bgr[..., [2, 1, 0, 3][: bgr.shape[2]]])


def _flags(original: bytes) -> Any:
    with Image.open(io.BytesIO(original)) as header:
        if header.format != "JPEG":
            return cv2.IMREAD_UNCHANGED
        narrowest = min(header.size)  # the orientation decides which side is the width
    return next((flag for factor, flag in REDUCED.items() if narrowest // factor >= WIDTHS[0]), cv2.IMREAD_COLOR)
