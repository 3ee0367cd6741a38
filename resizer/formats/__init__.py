"""The formats that are read and written, each by the class of its own module."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from resizer.formats.avif import AvifRendition, AvifSource
from resizer.formats.base import Access
from resizer.formats.bmp import BmpSource
from resizer.formats.heic import HeicSource
from resizer.formats.ico import IcoSource
from resizer.formats.jpeg2000 import Jpeg2000Source
from resizer.formats.tiff import TiffSource
from resizer.formats.transitional import Transitional
from resizer.formats.transitional_writing import GifOut, JpegOut, PngOut, WebpOut

if TYPE_CHECKING:
    from resizer.formats.base import RenditionFormat, SourceFormat
    from resizer.model import Format


class _Jpeg(Transitional):
    name: ClassVar[str] = "JPEG"


class _Png(Transitional):
    name: ClassVar[str] = "PNG"


class _WebP(Transitional):
    name: ClassVar[str] = "WEBP"
    access: ClassVar[Access] = Access.WHOLE
    decoder_bytes: ClassVar[float] = 13
    file_copies: ClassVar[int] = 2
    seconds_per_pixel: ClassVar[float] = 80e-9


class _Gif(Transitional):
    name: ClassVar[str] = "GIF"
    access: ClassVar[Access] = Access.BACK_AND_FORTH
    file_copies: ClassVar[int] = 1


# How each format is read, by Pillow's name for it.
SOURCES: Final[dict[str, SourceFormat]] = {
    each.name: each
    for each in (
        _Jpeg(),
        _Png(),
        _WebP(),
        _Gif(),
        TiffSource(),
        BmpSource(),
        IcoSource(),
        Jpeg2000Source(),
        AvifSource(),
        HeicSource(),
    )
}

# How renditions of each format are written.
RENDITIONS: Final[dict[Format, RenditionFormat]] = {
    each.format: each for each in (JpegOut(), PngOut(), GifOut(), WebpOut(), AvifRendition())
}
