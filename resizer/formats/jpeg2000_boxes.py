"""Corrects the boxes around a JPEG 2000's codestream (ISO/IEC 15444-1, annex I) for Pillow and OpenJPEG."""

from __future__ import annotations

import struct
from typing import IO, Final, cast

from PIL import ImagePalette

from resizer.errors import Reason, Rejected
from resizer.formats.isobmff import boxes, boxes_of_file, find
from resizer.formats.jpeg2000_codestream import EOC, undivided
from resizer.formats.prepared_file import PreparedFile

MAX_HEADER: Final = 8_388_608  # bytes before the codestream's size, including boxes with metadata
MAX_PROFILE: Final = 4_194_304
ENUMERATED, RESTRICTED, ANY_PROFILE = 1, 2, 3  # methods of a `colr` box
SRGB: Final = 16
SIZE_BYTES, COLOUR_BYTES = 8, 7  # read from the boxes `ihdr` and `colr`
END: Final = EOC.to_bytes(2, "big")
PALETTE_MODES: Final = {1: "RGB", 3: "RGB", 4: "RGBA"}  # by a palette's columns


def prepared(stream: IO[bytes], size: int, end: int) -> tuple[IO[bytes], bytes]:
    """The file with a header that Pillow reads correctly, and the content of its `jp2h` box."""
    stream.seek(0)
    in_boxes = stream.read(12)[4:8] == b"jP  "
    box = next((box for box in boxes_of_file(stream, size) if box.kind == b"jp2h"), None) if in_boxes else None
    smaller = undivided(stream)
    last = max(box.end if box else 0, smaller[0] + len(smaller[1]) if smaller else 0)
    if last > min(size, MAX_HEADER):
        raise Rejected(Reason.CORRUPT, f"The JPEG 2000 has a header of {last} bytes, which is too long.")
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
            struct.pack_into(">I", head, inner.begin + 3, SRGB)  # OpenJPEG does not support grey with a palette
    whole = size >= end + len(END)
    file = PreparedFile(stream, head=bytes(head), begin=last, end=size if whole else end, tail=b"" if whole else END)
    return cast("IO[bytes]", file), header


def palette_of(header: bytes) -> ImagePalette.ImagePalette | None:
    """The palette of a file with one component, from `pclr` and `cmap` (annex I.5.3.4 and 5), or None."""
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


def profile_of(header: bytes) -> bytes | None:
    """The ICC profile in the `colr` box, or None."""
    colour = find(header, b"colr") or b""
    usable = 3 < len(colour) <= MAX_PROFILE and colour[0] in {RESTRICTED, ANY_PROFILE}
    return colour[3:] if usable else None
