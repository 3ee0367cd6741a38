"""All formats that we read and write, each with the class of its own module."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from resizer.formats.avif import AvifRendition, AvifSource
from resizer.formats.bmp import BmpSource
from resizer.formats.gif import GifRendition, GifSource
from resizer.formats.heic import HeicSource
from resizer.formats.ico import IcoSource
from resizer.formats.jpeg import JpegRendition, JpegSource
from resizer.formats.jpeg2000 import Jpeg2000Source
from resizer.formats.png import PngSource
from resizer.formats.png_save import PngRendition
from resizer.formats.tiff import TiffSource
from resizer.formats.webp import WebpRendition, WebpSource

if TYPE_CHECKING:
    from resizer.formats.base import RenditionFormat, SourceFormat
    from resizer.model import Format

_READERS: Final[tuple[type[SourceFormat[Any]], ...]] = (
    JpegSource, PngSource, WebpSource, GifSource, TiffSource, BmpSource, IcoSource, Jpeg2000Source, AvifSource,
    HeicSource,
)  # fmt: skip
_WRITERS: Final[tuple[type[RenditionFormat], ...]] = (
    JpegRendition, PngRendition, GifRendition, WebpRendition, AvifRendition,
)  # fmt: skip
# How each format is read, by Pillow's name for it.
SOURCES: Final[dict[str, SourceFormat[Any]]] = {each.name: each() for each in _READERS}
# How renditions of each format are written.
RENDITIONS: Final[dict[Format, RenditionFormat]] = {each.format: each() for each in _WRITERS}
