"""BMP. We replace the header by the kind that Pillow reads best, and leave the pixels unchanged.

Pillow does not read unusual bit fields, nor the transparency and colour spaces of most V4 and V5 headers.
"""

from __future__ import annotations

from typing import IO, TYPE_CHECKING, ClassVar, cast

from PIL.BmpImagePlugin import BmpImageFile

from resizer.errors import Reason, Rejected
from resizer.formats.base import SourceFile, SourceFormat
from resizer.formats.bmp_header import RGB, BmpHeader
from resizer.formats.pillow_private import read_as
from resizer.model import Frame, Header

if TYPE_CHECKING:
    from collections.abc import Iterator

    from PIL.ImageFile import ImageFile


class OpenedBmp(BmpImageFile):
    """An opened BMP with its own header."""

    def __init__(self, stream: IO[bytes], header: BmpHeader) -> None:
        self.header = header
        super().__init__(cast("IO[bytes]", header.prepared(stream)))


class BmpSource(SourceFormat):
    """Reads BMPs."""

    name: ClassVar[str] = "BMP"
    seconds_per_pixel: ClassVar[float] = 80e-9

    def open(self, file: SourceFile) -> ImageFile:
        header = BmpHeader.read(file.stream)
        colours = header.colours()
        if header.profile:
            # The profile comes after the pixels, so we must keep the file.
            getattr(file.stream, "hold_everything", bool)()
            at, size = header.profile
            file.stream.seek(at)
            profile = file.stream.read(size)
            if len(profile) < size:
                raise Rejected(Reason.TRUNCATED, "The BMP ends within its colour profile; upload the whole file.")
            colours = {"icc_profile": profile}
        image = OpenedBmp(file.stream, header)
        image.info.update(colours)
        if header.fields:
            read_as(image, *header.fields.layout)
        return image

    def describe(self, image: ImageFile, file: SourceFile) -> Header:
        header, fields = _header(image), _header(image).fields
        transparent = bool(fields and fields.has_alpha)
        return Header(
            format=self.name,
            mode=("RGBA" if transparent else "RGB") if fields else image.mode,
            width=image.width,
            height=image.height,
            has_transparency=transparent,
            buffered_bytes=image.width * image.height * _decoder_bytes(header),
            held_bytes=file.size if header.profile else 0,
        )

    def frames(self, image: ImageFile, header: Header, wanted: tuple[int, int]) -> Iterator[Frame]:
        del header, wanted
        image.load()
        fields = _header(image).fields
        yield Frame(fields.colours(image) if fields else image)


def _header(image: ImageFile) -> BmpHeader:
    return cast("OpenedBmp", image).header


def _decoder_bytes(header: BmpHeader) -> int:
    """The decoder's bytes per pixel in addition to the pixels: for run-length coding, and for unusual bit fields."""
    if header.fields:
        return 0 if header.fields.are_usual else 12
    return 3 if header.compression != RGB else 0
