"""All formats that we read and write, each with the class of its own module."""

import importlib
from typing import Any, Final

from resizer.formats.avif import AvifRendition, AvifSource
from resizer.formats.base import RenditionFormat, SourceFormat
from resizer.formats.gif import GifRendition, GifSource
from resizer.formats.jpeg import JpegRendition, JpegSource
from resizer.formats.png import PngSource
from resizer.formats.png_save import PngRendition
from resizer.formats.webp import WebpRendition, WebpSource
from resizer.model import Format

_READERS: Final[tuple[type[SourceFormat[Any]], ...]] = (JpegSource, PngSource, WebpSource, GifSource, AvifSource)
# These are imported with the first file: importing them all takes 3 % of a cold start's CPU, and 0.4 MB.
_RARE: Final = {
    "TIFF": "tiff.TiffSource",
    "BMP": "bmp.BmpSource",
    "ICO": "ico.IcoSource",
    "JPEG2000": "jpeg2000.Jpeg2000Source",
    "HEIF": "heic.HeicSource",
}
_WRITERS: Final[tuple[type[RenditionFormat], ...]] = (
    JpegRendition, PngRendition, GifRendition, WebpRendition, AvifRendition,
)  # fmt: skip


class _Sources(dict[str, "SourceFormat[Any]"]):
    def __missing__(self, name: str) -> SourceFormat[Any]:
        module, _, reader = _RARE[name].partition(".")
        self[name] = getattr(importlib.import_module(f"resizer.formats.{module}"), reader)()
        return self[name]


# How each format is read, by Pillow's name for it.
SOURCES: Final = _Sources({each.name: each() for each in _READERS})
# How renditions of each format are written.
RENDITIONS: Final[dict[Format, RenditionFormat]] = {each.format: each() for each in _WRITERS}
