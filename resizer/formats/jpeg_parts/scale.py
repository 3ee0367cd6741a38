"""A JPEG decoded smaller than it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.JpegImagePlugin import JpegImageFile


def scale_down(image: JpegImageFile, eighths: int) -> None:
    """Have an opened JPEG decoded at 8, 4, 3, 2 or 1 eighths of its size, of which Pillow's `draft` leaves out 3."""
    width, height = (-(-side * eighths // 8) for side in image.size)
    image._size = (width, height)  # noqa: SLF001 # there is no other way to tell it
    image.tile = [image.tile[0]._replace(extents=(0, 0, width, height))]
    image.decoderconfig = (-(-8 // eighths), 0)  # a divisor, for which libjpeg takes the next larger number of eighths


def has_full_colours(image: JpegImageFile) -> bool:
    """Whether an opened JPEG's colours are as fine as its brightness (4:4:4); a gray one has none."""
    return len(image.layer) > 1 and len({part[1:3] for part in image.layer}) == 1
