"""Reads JPEG 2000, with or without boxes around its codestream (ISO/IEC 15444-1, annex I).

Pillow fails if all components are subsampled, mixes up palettes with duplicate colours, and supports neither grey
palettes nor ICC profiles. So it gets the codestream alone, with boxes only for the colour space, and we do the rest.
"""

import io
import struct
from collections.abc import Iterator
from dataclasses import replace
from typing import ClassVar, Final

from PIL import Image, ImageChops, ImageFilter
from PIL.ImageFile import ImageFile
from PIL.Jpeg2KImagePlugin import Jpeg2KImageFile

from resizer.errors import Reason, Rejected
from resizer.formats.base import Access, SourceFile, SourceFormat, truncated
from resizer.formats.isobmff import Box, boxes, find
from resizer.formats.jpeg2000_codestream import END, START, Codestream, read_codestream
from resizer.model import Frame, Header

BYTE: Final = 8  # bits
NEARLY_WHITE: Final = 224  # pixels next to a lost white are usually light grey
MAX_HEADER: Final = 4_194_304  # bytes that are read of the `jp2h` box
ENUMERATED: Final = 1  # a method of the `colr` box: the colour space is a number
PROFILES: Final = frozenset({2, 3})  # the methods with an ICC profile
EIGHT_BITS, SIXTEEN_BITS = 7, 15  # bits of a palette's column, minus 1
PALETTE_MODES: Final = {1: "RGB", 3: "RGB", 4: "RGBA"}  # by a palette's columns
SIGNATURE: Final = b"\0\0\0\x0cjP  \r\n\x87\n\0\0\0\x14ftypjp2 \0\0\0\0jp2 "


class OpenedJpeg2000(Jpeg2KImageFile):
    """An opened JPEG 2000 with its codestream's size, and its palette as a raw mode and bytes."""

    def __init__(self, data: bytearray) -> None:
        begin, header = _parts(data)
        self.codestream = read_codestream(data, begin)
        self.given_palette = _palette(header) if self.codestream.components == 1 else None
        colour = find(header, b"colr") or b""
        head = b"" if self.given_palette else _boxes(self.codestream, colour)
        self.order = _order(header)
        super().__init__(io.BytesIO(b"".join((head, memoryview(data)[begin : self.codestream.end], END))))
        if len(colour) > 3 and colour[0] in PROFILES:
            self.info["icc_profile"] = colour[3:]


class Jpeg2000Source(SourceFormat[OpenedJpeg2000]):
    """Reads JPEG 2000s."""

    name: ClassVar[str] = "JPEG2000"
    access: ClassVar[Access] = Access.WHOLE
    seconds_per_pixel: ClassVar[float] = 400e-9

    def open(self, file: SourceFile) -> OpenedJpeg2000:
        """Read the whole file first: OpenJPEG may end the process if the file is shorter than its header says."""
        return OpenedJpeg2000(bytearray(file.stream.read()))

    def describe(self, image: OpenedJpeg2000, file: SourceFile) -> Header:
        header = replace(super().describe(image, file), buffered_bytes=image.codestream.decoder_bytes)
        if image.order or image.codestream.bits < BYTE:
            header = replace(header, held_bytes=8 * header.pixels)  # all components, and the picture made of them
        if image.given_palette:
            return replace(header, mode="P", has_transparency=image.given_palette[0] == "RGBA")
        return header

    def frames(self, image: OpenedJpeg2000) -> Iterator[Frame]:
        if image.codestream.end is None:
            raise truncated(self.name)
        image.load()
        if image.codestream.bits > BYTE and len(image.getbands()) > 1 and _has_lost_whites(image):
            detail = "The JPEG 2000 has colours of more than 8 bits with whites that Pillow loses; save it with 8 bits."
            raise Rejected(Reason.UNSUPPORTED_FORMAT, detail)
        if image.given_palette:
            mode, colours = image.given_palette
            image.putpalette(colours, mode)
            yield Frame(image)
        else:
            yield Frame(_mended(image))


def _parts(data: bytearray) -> tuple[int, bytes]:
    """The offset of the codestream, and the content of the `jp2h` box."""
    if data.startswith(START):
        return 0, b""
    found = {box.kind: box for box in boxes(data)}
    if b"jp2c" not in found:
        raise truncated("JPEG2000")
    header = found.get(b"jp2h", Box(b"jp2h", 0, 0))
    return found[b"jp2c"].begin, bytes(data[header.begin : min(header.end, header.begin + MAX_HEADER)])


def _boxes(codestream: Codestream, colour: bytes) -> bytes:
    """Boxes with the colour space for Pillow if it is a number. Otherwise Pillow looks at the components."""
    if len(colour) < 7 or colour[0] != ENUMERATED:
        return b""
    size = (*reversed(codestream.size), codestream.components, codestream.bits - 1)
    header = struct.pack(">I4sIIHBBBBI4s", 22, b"ihdr", *size, 7, 0, 0, 15, b"colr") + colour[:7]
    return SIGNATURE + struct.pack(">I4s", 8 + len(header), b"jp2h") + header + struct.pack(">I4s", 0, b"jp2c")


def _order(header: bytes) -> list[int]:
    """The components in the order of colours, then transparency (`cdef`, annex I.5.3.6); empty if it is usual."""
    channels = (find(header, b"cdef") or b"")[2:]
    given = struct.iter_unpack(">3H", channels[: len(channels) // 6 * 6])  # number, kind, and the colour's number
    order = [number for number, *_ in sorted(given, key=lambda channel: channel[1:])]
    return order if order != sorted(order) else []


def _palette(header: bytes) -> tuple[str, bytes] | None:
    """A palette from the boxes `pclr` and `cmap` (annex I.5.3.4 and 5): its raw mode and bytes, or None."""
    palette = find(header, b"pclr") or b""
    if len(palette) < 3:
        return None
    count, columns = struct.unpack_from(">HB", palette)
    depths, mode = {*palette[3 : 3 + columns]}, PALETTE_MODES.get(columns)
    size = 2 if depths == {SIXTEEN_BITS} else 1
    colours = palette[3 + columns :: size]  # of 16 bits the upper 8
    order = list((find(header, b"cmap") or b"")[3 : 4 * columns : 4])
    is_usual = depths < {EIGHT_BITS, SIXTEEN_BITS} and sorted(order) == list(range(columns))
    if mode is None or not is_usual or len(colours) < count * columns:
        raise Rejected(Reason.UNSUPPORTED_FORMAT, "The JPEG 2000 has an unusual palette; save it without one.")
    if columns == 1:
        order *= 3
    return mode, bytes(colours[at + column] for at in range(0, min(count, 256) * columns, columns) for column in order)


def _mended(image: OpenedJpeg2000) -> Image.Image:
    """Correct what Pillow ignores: the components' order, and the lower white of samples with few bits."""
    count, spare = len(image.getbands()), max(BYTE - image.codestream.bits, 0)
    picture: Image.Image = image
    if sorted(image.order) == list(range(count)):
        picture = Image.merge(image.mode, [image.getchannel(number) for number in image.order])
    white = 255 >> spare << spare
    return picture.point([min(level * 255 // white, 255) for level in range(256)] * count) if spare else picture


def _has_lost_whites(image: ImageFile) -> bool:
    """Whether black pixels touch white ones: Pillow rounds the highest deep samples up to 256, which becomes 0."""
    for band in image.split():
        black = band.point([255 * (level == 0) for level in range(256)])
        white = band.point([255 * (level >= NEARLY_WHITE) for level in range(256)])
        if ImageChops.darker(black, white.filter(ImageFilter.MaxFilter(3))).getbbox():
            return True
    return False
