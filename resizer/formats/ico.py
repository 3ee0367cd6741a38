"""Reads the best picture of an ICO or CUR: a PNG, or a BMP with a transparency mask.

Among the largest pictures Pillow takes the one with the fewest bits, and it trusts entries more than pictures.
"""

import struct
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from typing import IO, ClassVar, Final, cast

from PIL import Image

from resizer.errors import Reason, Rejected
from resizer.formats.base import Access, SourceFile, SourceFormat, exactly
from resizer.formats.bmp import OpenedBmp
from resizer.formats.png import PngSource
from resizer.formats.png_file import OpenedPng
from resizer.formats.prepared_file import PreparedFile
from resizer.model import Frame, Header

MAX_PICTURES: Final = 256
MAX_SIDE: Final = 256  # an entry has 0 for it
PNG: Final = PngSource()
PNG_SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"


class OpenedIcon(OpenedBmp):
    """A bitmap in an icon; its picture ends at `end` in the stream."""

    def __init__(self, stream: IO[bytes], at: int, end: int) -> None:
        super().__init__(stream, at, in_icon=True)
        self.stream, self.end = stream, end

    def shown(self) -> Image.Image:
        """The picture with its transparency, from its colours if they have any, else from its mask."""
        colours = super().shown()
        if self.has_alpha and colours.getchannel("A").getextrema() != (0, 0):
            return colours
        row_bytes = -(-self.width // 32) * 4
        begin = self.pixels_at + self.row_bytes * self.height
        mask: Image.Image | int = 255  # some programs omit the mask, or write less
        if begin + row_bytes * self.height <= self.end:
            self.stream.seek(begin)
            data = self.stream.read(row_bytes * self.height)
            mask = Image.frombytes("1", self.size, data, "raw", "1;I", row_bytes, -1)
        colours = colours.convert("RGB")
        colours.putalpha(mask)
        return colours


class IcoSource(SourceFormat[OpenedIcon | OpenedPng]):
    """Reads ICOs and CURs."""

    name: ClassVar[str] = "ICO"
    access: ClassVar[Access] = Access.BACK_AND_FORTH

    def open(self, file: SourceFile) -> OpenedIcon | OpenedPng:
        (count,) = struct.unpack("<4xH", exactly(file.stream, 6, self.name))
        if not 0 < count <= MAX_PICTURES:
            raise Rejected(Reason.CORRUPT, f"The ICO has {count} pictures; we read icons with 1 to {MAX_PICTURES}.")
        entries = [struct.unpack("<BB4xHII", exactly(file.stream, 16, self.name)) for _ in range(count)]
        *_, size, at = max(entries, key=lambda entry: _rank(file.stream, entry))
        if _is_png(file.stream, at):
            image = PNG.open(replace(file, stream=cast("IO[bytes]", PreparedFile(file.stream, begin=at))))
            image.announced = 0  # as in browsers, icons are not animated
            return image
        return OpenedIcon(file.stream, at, at + size)

    def describe(self, image: OpenedIcon | OpenedPng, file: SourceFile) -> Header:
        if isinstance(image, OpenedPng):
            return replace(PNG.describe(image, file), format=self.name)
        held = image.width * image.height * (4 + 12 * image.is_computed)  # copies to apply the mask
        return replace(super().describe(image, file), mode="RGBA", has_transparency=True, held_bytes=held)

    def frames(self, image: OpenedIcon | OpenedPng) -> Iterator[Frame]:
        if isinstance(image, OpenedPng):
            yield from PNG.frames(image)
        else:
            yield Frame(image.shown())


def _is_png(stream: IO[bytes], at: int) -> bool:
    stream.seek(at)
    return stream.read(len(PNG_SIGNATURE)) == PNG_SIGNATURE


def _rank(stream: IO[bytes], entry: tuple[int, ...]) -> tuple[int, int]:
    """A picture's pixels and bits per pixel, from its entry if it is damaged. The best picture has the most."""
    width, height, bits, _, at = entry
    with suppress(Rejected):
        if _is_png(stream, at):
            width, height = struct.unpack("!8xII", exactly(stream, 16, "ICO"))
            return width * height, 32  # bits, as in all PNGs in icons by Microsoft's documentation
        image = OpenedBmp(stream, at, in_icon=True)
        return image.width * image.height, image.bits
    return (width or MAX_SIDE) * (height or MAX_SIDE), bits
