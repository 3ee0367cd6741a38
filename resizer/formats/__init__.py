"""The formats that are read and written, each by the class of its own module."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from resizer.formats.base import Access
from resizer.formats.gif import GifRendition, GifSource
from resizer.formats.jpeg import JpegRendition, JpegSource
from resizer.formats.png import PngRendition, PngSource
from resizer.formats.transitional import Transitional
from resizer.formats.transitional_writing import AvifOut
from resizer.formats.webp import WebpRendition, WebpSource

if TYPE_CHECKING:
    from resizer.formats.base import RenditionFormat, SourceFormat
    from resizer.model import Format




class _Tiff(Transitional):
    name: ClassVar[str] = "TIFF"
    access: ClassVar[Access] = Access.BACK_AND_FORTH
    file_copies: ClassVar[int] = 1
    seconds_per_pixel: ClassVar[float] = 40e-9


class _Bmp(Transitional):
    name: ClassVar[str] = "BMP"
    seconds_per_pixel: ClassVar[float] = 80e-9


class _Ico(Transitional):
    name: ClassVar[str] = "ICO"
    access: ClassVar[Access] = Access.BACK_AND_FORTH
    decoder_bytes: ClassVar[float] = 4
    file_copies: ClassVar[int] = 2


class _Jpeg2000(Transitional):
    name: ClassVar[str] = "JPEG2000"
    access: ClassVar[Access] = Access.BACK_AND_FORTH
    file_copies: ClassVar[int] = 2
    seconds_per_pixel: ClassVar[float] = 400e-9


class _Avif(Transitional):
    name: ClassVar[str] = "AVIF"
    access: ClassVar[Access] = Access.WHOLE
    file_copies: ClassVar[int] = 2
    seconds_per_pixel: ClassVar[float] = 80e-9


class _Heic(Transitional):
    name: ClassVar[str] = "HEIF"
    access: ClassVar[Access] = Access.WHOLE
    threads: ClassVar[int] = 0
    file_copies: ClassVar[int] = 2
    seconds_per_pixel: ClassVar[float] = 200e-9  # 10 bits at 4:4:4; phones' own take a quarter of it


# How each format is read, by Pillow's name for it.
SOURCES: Final[dict[str, SourceFormat]] = {
    each.name: each
}

# How renditions of each format are written.
RENDITIONS: Final[dict[Format, RenditionFormat]] = {
}
