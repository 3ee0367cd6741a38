"""JPEG 2000, in boxes or bare. What its header asks of OpenJPEG is checked before that sees the file.

Pillow gives up where all components leave out pixels, moves the colours of a palette that has one of them twice, and
knows neither palettes of grey pictures nor profiles.
"""

from __future__ import annotations

import io
import struct
from typing import TYPE_CHECKING, ClassVar, Final, cast

from PIL import ImagePalette
from PIL.Jpeg2KImagePlugin import Jpeg2KImageFile

from resizer.errors import Reason, Rejected
from resizer.formats.base import Access, SourceFile, SourceFormat
from resizer.formats.isobmff import boxes, boxes_of_file, find
from resizer.formats.jpeg2000_codestream import EOC, check, decoder_bytes, end_of_data, undivided
from resizer.formats.pillow_private import set_mode
from resizer.formats.prepared_file import PreparedFile
from resizer.model import Frame, Header

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import IO

    from PIL.ImageFile import ImageFile

MAX_HEADER: Final = 8_388_608  # bytes before the codestream's size: boxes may come before, with metadata
MAX_PROFILE: Final = 4_194_304
ENUMERATED, RESTRICTED, ANY_PROFILE = 1, 2, 3  # methods by which a box gives its colours
SRGB: Final = 16
SIZE_BYTES, COLOUR_BYTES = 8, 7  # of the boxes `ihdr` and `colr` that are looked at
END: Final = EOC.to_bytes(2, "big")
PALETTE_MODES: Final = {1: "RGB", 3: "RGB", 4: "RGBA"}  # by a palette's columns


class OpenedJpeg2000(Jpeg2KImageFile):
    """An opened JPEG 2000 that knows whether its file ends before its last pixel."""

    def __init__(self, stream: IO[bytes], *, is_cut: bool) -> None:
        self.is_cut = is_cut
        super().__init__(stream)


class Jpeg2000Source(SourceFormat):
    """How JPEG 2000s are read."""

    name: ClassVar[str] = "JPEG2000"
    access: ClassVar[Access] = Access.BACK_AND_FORTH
    file_copies: ClassVar[int] = 2
    seconds_per_pixel: ClassVar[float] = 400e-9

    def expect(self, file: SourceFile) -> Header | None:
        try:
            size = check(file.stream)
        except (struct.error, IndexError):
            if file.stream.tell() >= file.stream.seek(0, io.SEEK_END):
                raise Rejected(
                    Reason.TRUNCATED, "The JPEG 2000 ends within its header; upload the whole file."
                ) from None
            raise Rejected(Reason.CORRUPT, "The JPEG 2000's header has a part that is too short.") from None
        return Header(self.name, "L", *size) if size and min(size) > 0 else None

    def open(self, file: SourceFile) -> ImageFile:
        size = file.stream.seek(0, io.SEEK_END)
        end = end_of_data(file.stream, size)
        stream, header = _prepared(file.stream, size, end or size)
        image = OpenedJpeg2000(stream, is_cut=end is None)
        if palette := _palette(header):
            set_mode(image, "P")
            image.palette = palette
        if profile := _profile(header):
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
        if cast("OpenedJpeg2000", image).is_cut:
            raise Rejected(Reason.TRUNCATED, "The JPEG 2000 ends before its last pixel; upload the whole file.")
        return super().frames(image, header, wanted)


def _prepared(stream: IO[bytes], size: int, end: int) -> tuple[IO[bytes], bytes]:
    """The file with a header that Pillow reads right, and the box with what it says beside the codestream."""
    stream.seek(0)
    in_boxes = stream.read(12)[4:8] == b"jP  "
    box = next((box for box in boxes_of_file(stream, size) if box.kind == b"jp2h"), None) if in_boxes else None
    smaller = undivided(stream)
    last = max(box.end if box else 0, smaller[0] + len(smaller[1]) if smaller else 0)
    if last > min(size, MAX_HEADER):
        raise Rejected(Reason.CORRUPT, f"The JPEG 2000 has a header of {last} bytes, which no honest one has.")
    stream.seek(0)
    head = bytearray(stream.read(last))
    header = bytes(head[box.begin : box.end]) if box else b""
    if smaller:
        at, segment = smaller
        head[at : at + len(segment)] = segment
    for inner in boxes(bytes(head), box.begin, box.end) if box else ():
        length = min(inner.end, len(head)) - inner.begin
        if inner.kind == b"ihdr" and smaller and length >= SIZE_BYTES:
            right, bottom, left, top = struct.unpack_from(">4I", smaller[1], 2)
            struct.pack_into(">II", head, inner.begin, max(bottom - top, 0), max(right - left, 0))
        if (
            inner.kind == b"colr"
            and length >= COLOUR_BYTES
            and head[inner.begin] == ENUMERATED
            and find(header, b"pclr")
        ):
            struct.pack_into(">I", head, inner.begin + 3, SRGB)  # OpenJPEG knows no grey with a palette
    whole = size >= end + len(END)
    prepared = PreparedFile(
        stream, head=bytes(head), begin=last, end=size if whole else end, tail=b"" if whole else END
    )
    return cast("IO[bytes]", prepared), header


def _palette(header: bytes) -> ImagePalette.ImagePalette | None:
    """The palette that the only component is for, by `pclr` and `cmap` (annex I.5.3.4 and 5)."""
    size, palette = find(header, b"ihdr") or b"", find(header, b"pclr") or b""
    if len(size) < 10 or size[8:10] != b"\0\1" or len(palette) < 3:
        return None
    colours, columns = struct.unpack_from(">HB", palette)
    depths = [1 + (depth & 0x7F) for depth in palette[3 : 3 + columns]]
    mode = PALETTE_MODES.get(columns)
    row = sum(-(-depth // 8) for depth in depths)
    if mode is None or len(palette) < 3 + columns + colours * row:
        return None
    order = list((find(header, b"cmap") or b"")[3 : 4 * columns : 4])
    if sorted(order) != list(range(columns)):
        order = list(range(columns))
    data = bytearray()
    for number in range(colours):
        at, values = 3 + columns + number * row, []
        for depth in depths:
            wide = -(-depth // 8)
            values.append(int.from_bytes(palette[at : at + wide], "big") * 255 // ((1 << depth) - 1) & 0xFF)
            at += wide
        data += bytes(values[column] for column in order) * (3 if columns == 1 else 1)
    made = ImagePalette.raw(mode, bytes(data))
    made.mode = mode
    return made


def _profile(header: bytes) -> bytes | None:
    colour = find(header, b"colr") or b""
    usable = 3 < len(colour) <= MAX_PROFILE and colour[0] in {RESTRICTED, ANY_PROFILE}
    return colour[3:] if usable else None
