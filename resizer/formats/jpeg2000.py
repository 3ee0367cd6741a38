"""Reads JPEG 2000, with or without boxes. We check the header's demands on memory before OpenJPEG sees the file.

Pillow fails if all components are subsampled, mixes up palettes with duplicate colours, and supports neither grey
palettes nor ICC profiles.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, ClassVar, Final, cast

from PIL import ImageChops, ImageFilter
from PIL.Jpeg2KImagePlugin import Jpeg2KImageFile

from resizer.errors import Reason, Rejected
from resizer.formats.base import Access, SourceFile, SourceFormat
from resizer.formats.jpeg2000_boxes import palette_of, prepared, profile_of
from resizer.formats.jpeg2000_codestream import check, decoder_bytes, end_of_data, sample_bits
from resizer.formats.pillow_private import set_mode
from resizer.model import Frame, Header

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import IO

    from PIL.ImageFile import ImageFile

BYTE: Final = 8  # bits
NEARLY_WHITE: Final = 224  # pixels next to a lost white are usually light grey


class OpenedJpeg2000(Jpeg2KImageFile):
    """An opened JPEG 2000 that knows whether its file ends before its last pixel, and the bits of its samples."""

    def __init__(self, stream: IO[bytes], *, is_cut: bool) -> None:
        self.is_cut, self.bits = is_cut, sample_bits(stream)
        stream.seek(0)
        super().__init__(stream)


class Jpeg2000Source(SourceFormat):
    """Reads JPEG 2000s."""

    name: ClassVar[str] = "JPEG2000"
    access: ClassVar[Access] = Access.BACK_AND_FORTH
    file_copies: ClassVar[int] = 2
    seconds_per_pixel: ClassVar[float] = 400e-9

    def expect(self, file: SourceFile) -> Header | None:
        size = check(file.stream)
        return Header(self.name, "L", *size) if size and min(size) > 0 else None

    def open(self, file: SourceFile) -> ImageFile:
        size = file.stream.seek(0, io.SEEK_END)
        end = end_of_data(file.stream, size)
        stream, header = prepared(file.stream, size, end or size)
        image = OpenedJpeg2000(stream, is_cut=end is None)
        if palette := palette_of(header):
            set_mode(image, "P")
            image.palette = palette
        if profile := profile_of(header):
            image.info["icc_profile"] = profile
        return image

    def describe(self, image: ImageFile, file: SourceFile) -> Header:
        del file
        return Header(
            format=self.name,
            mode=image.mode,
            width=image.width,
            height=image.height,
            has_transparency=image.has_transparency_data,
            buffered_bytes=decoder_bytes(cast("IO[bytes]", image.fp)),
        )

    def frames(self, image: ImageFile, header: Header, wanted: tuple[int, int]) -> Iterator[Frame]:
        del header, wanted
        opened = cast("OpenedJpeg2000", image)
        if opened.is_cut:
            raise Rejected(Reason.TRUNCATED, "The JPEG 2000 ends before its last pixel; upload the whole file.")
        image.load()
        if opened.bits > BYTE and len(image.getbands()) > 1 and _has_lost_whites(image):
            detail = "The JPEG 2000 has colours of more than 8 bits with whites that Pillow loses; save it with 8 bits."
            raise Rejected(Reason.UNSUPPORTED_FORMAT, detail)
        yield Frame(image)


def _has_lost_whites(image: ImageFile) -> bool:
    """Whether black pixels touch white ones: Pillow rounds the highest deep samples up to 256, which becomes 0."""
    for band in image.split():
        black = band.point([255 * (level == 0) for level in range(256)])
        white = band.point([255 * (level >= NEARLY_WHITE) for level in range(256)])
        if ImageChops.darker(black, white.filter(ImageFilter.MaxFilter(3))).getbbox():
            return True
    return False
