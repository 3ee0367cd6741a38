"""Reads a file with its format's class, as the pipeline does."""

import io
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL.ImageFile import ImageFile

from resizer.formats.base import SourceFile, SourceFormat
from resizer.model import Frame, Header

MAX_PIXELS = 1_000_000


@dataclass(slots=True)
class Read:
    """The result of reading a file. `shown` holds each frame's pixels, premultiplied, from 0 to 255."""

    image: ImageFile
    header: Header
    frames: list[Frame] = field(default_factory=list)
    shown: list[NDArray[np.float64]] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def read(source: SourceFormat[Any], data: bytes, max_pixels: int = MAX_PIXELS) -> Read:
    """Read a file to its end."""
    warnings = list[str]()
    file = SourceFile(io.BytesIO(data), len(data), max_pixels, lambda _: None, warnings.append)
    image = source.open(file)
    header = source.describe(image, file)
    found = Read(image, header, warnings=warnings)
    for frame in source.frames(image):
        found.frames.append(frame)
        found.shown.append(premultiplied(np.asarray(frame.pixels.convert("RGBA"))))
        if len(found.frames) == 1:
            found.header = source.after_pixels(image, header)
    return found


def premultiplied(rgba: NDArray[np.uint8]) -> NDArray[np.float64]:
    """RGBA with each colour multiplied by its alpha."""
    return np.dstack([rgba[..., :3] * (rgba[..., 3:] / 255), rgba[..., 3]])


def max_difference(ours: list[NDArray[np.float64]], wanted: list[NDArray[np.float64]]) -> float:
    """The largest difference of any sample in any frame, of 255. Both need the same number of frames."""
    assert len(ours) == len(wanted)
    return max(float(np.abs(one - other).max()) for one, other in zip(ours, wanted, strict=True))
