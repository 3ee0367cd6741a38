"""Each size from the one before, by Lanczos: SIMD where its wheel is installed, Pillow's own elsewhere."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final

from PIL import Image

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cykooz_resizer import Resizer

    from resizer.model import Header

try:
    import cykooz_resizer
except ImportError:  # there are wheels for x86_64 Linux only
    cykooz_resizer = None

BACKEND: Final = "cykooz-resizer" if cykooz_resizer else "pillow"


# EXIF 2.32, tag 0x0112: how an image must be turned to stand upright.
TURNS: Final = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def cascade(image: Image.Image, header: Header, sizes: Sequence[tuple[int, int]]) -> Iterator[Image.Image]:
    """The upright pixels at each size in turn, widest first, each from the one before.

    The picture is turned after the first resize, when there is least of it to turn.
    """
    width, height = sizes[0]
    image = resize(image, (height, width) if header.orientation >= 5 else (width, height))
    if header.orientation in TURNS:
        image = image.transpose(TURNS[header.orientation])
    for size in sizes:
        image = resize(image, size)
        yield image


def resize(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    """An L, RGB or RGBA image at `size` (width, height in pixels), by Lanczos with a support of 3.

    Colours are weighted by their alpha, so that what lies under transparent pixels does not bleed into edges.
    The image itself is returned where it has that size.
    """
    if image.size == size:
        return image
    if cykooz_resizer is None:
        return image.resize(size, Image.Resampling.LANCZOS)
    target = Image.new(image.mode, size)
    _resizer().resize_pil(image, target, _options)
    return target


_local = threading.local()
_options = cykooz_resizer and cykooz_resizer.ResizeOptions(
    cykooz_resizer.ResizeAlg.convolution(cykooz_resizer.FilterType.lanczos3)
)


def _resizer() -> Resizer:
    """One per thread, for it keeps buffers between calls."""
    if not hasattr(_local, "resizer"):
        _local.resizer = cykooz_resizer.Resizer()
    resizer: Resizer = _local.resizer
    return resizer
