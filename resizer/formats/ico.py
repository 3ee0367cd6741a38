"""Reads the best picture of an ICO: we pass it to Pillow as an icon with one correct entry.

Among the largest pictures Pillow takes the one with the fewest bits, and it trusts the icon's entry more than the
picture's own header.
"""

from __future__ import annotations

import io
import struct
from dataclasses import dataclass, replace
from typing import IO, TYPE_CHECKING, ClassVar, Final

from PIL.IcoImagePlugin import IcoImageFile

from resizer.errors import Reason, Rejected
from resizer.formats.base import Access, SourceFile, SourceFormat
from resizer.model import Header

if TYPE_CHECKING:
    from PIL.ImageFile import ImageFile

MAX_PICTURES: Final = 256
MAX_CHUNKS: Final = 10_000  # of a PNG before its pixels
PNG: Final = b"\x89PNG\r\n\x1a\n"
PNG_CHANNELS: Final = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}  # by colour type (PNG specification, 11.2.1)
INFO: Final = 40  # bytes of a bitmap's header
BITFIELDS: Final = 3
DIRECTORY, ENTRY = 6, 16
BITS_WITHOUT_ALPHA, BITS_WITH_ALPHA = 24, 32


@dataclass(frozen=True, slots=True)
class Picture:
    """One of an icon's pictures: its size in pixels, its bits per pixel, and its offset and size in the file."""

    width: int
    height: int
    bits: int
    at: int
    size: int
    is_png: bool = False
    mask_is_promised: bool = True  # by the size in the icon's entry; some programs omit the mask

    @property
    def rank(self) -> tuple[int, int]:
        """Pixels, then bits; the best picture has the highest rank."""
        return self.width * self.height, self.bits

    @property
    def mask_bytes(self) -> int:
        """Bytes of a bitmap's mask: one bit per pixel, rows padded to 32 bits."""
        return 0 if self.is_png else -(-self.width // 32) * 4 * self.height

    @property
    def colour_bytes(self) -> int:
        """Bytes of a bitmap's colours."""
        return -(-self.width * self.bits // 32) * 4 * self.height


class IcoSource(SourceFormat):
    """Reads ICOs."""

    name: ClassVar[str] = "ICO"
    access: ClassVar[Access] = Access.BACK_AND_FORTH
    decoder_bytes: ClassVar[float] = 4
    file_copies: ClassVar[int] = 2

    def expect(self, file: SourceFile) -> Header | None:
        best = _best(file.stream)
        return Header(self.name, "RGBA", best.width, best.height)

    def open(self, file: SourceFile) -> ImageFile:
        picture = _best(file.stream)
        file.stream.seek(picture.at)
        data = file.stream.read(picture.size)
        bits = picture.bits
        if picture.is_png:
            _check_chunks(data)
        else:
            data, bits = _whole_bitmap(picture, data)
        sides = (side if side < 256 else 0 for side in (picture.width, picture.height))
        entry = struct.pack("<BBBBHHII", *sides, 0, 0, 1, bits, len(data), DIRECTORY + ENTRY)
        return IcoImageFile(io.BytesIO(b"\0\0\1\0\1\0" + entry + data))

    def explain(self, file: SourceFile, problem: Exception) -> Rejected | None:
        del file
        return _cut() if "truncated" in str(problem).lower() else None  # Pillow decodes icons when it opens them


def _cut() -> Rejected:
    return Rejected(Reason.TRUNCATED, "The ICO ends before its last pixel; upload the whole file.")


def _best(stream: IO[bytes]) -> Picture:
    stream.seek(0)
    (count,) = struct.unpack("<4xH", _exactly(stream, DIRECTORY))
    if count > MAX_PICTURES:
        raise _too_many("pictures")
    entries = [struct.unpack("<8xII", _exactly(stream, ENTRY)) for _ in range(count)]
    pictures = [picture for size, at in entries if (picture := _picture(stream, at, size)).rank[0]]
    if not pictures:
        raise Rejected(Reason.CORRUPT, "The ICO has no picture in it.")
    return max(pictures, key=lambda picture: picture.rank)


def _picture(stream: IO[bytes], at: int, size: int) -> Picture:
    stream.seek(at)
    start = _exactly(stream, INFO)
    if start[:8] == PNG:
        width, height, depth, kind = struct.unpack_from(">IIBB", start, 16)
        return Picture(width, height, depth * PNG_CHANNELS.get(kind, 1), at, size, is_png=True)
    header, width, height, bits, compression, colours = struct.unpack_from("<IiixxHI12xI", start)
    if header < INFO or height < 0:
        return Picture(0, 0, 0, at, size)  # Windows does not show it either
    palette = 4 * (colours or 1 << bits) if bits <= 8 else 0
    picture = Picture(max(width, 0), height // 2, bits, at, size)  # the picture and its mask, one above the other
    begin = header + palette + 12 * (compression == BITFIELDS and header == INFO)
    whole = begin + picture.colour_bytes + picture.mask_bytes
    return replace(picture, size=whole, mask_is_promised=size >= whole)


def _whole_bitmap(picture: Picture, data: bytes) -> tuple[bytes, int]:
    """A bitmap with its mask, and the bits to write in its entry: at 32 Pillow takes transparency from the colours."""
    missing = picture.size - len(data)
    if missing > picture.mask_bytes:
        raise _cut()
    if missing:
        data = data[: picture.size - picture.mask_bytes] + bytes(picture.mask_bytes)  # nothing is masked
    colours = data[-picture.mask_bytes - picture.colour_bytes : -picture.mask_bytes]
    bits = picture.bits if picture.bits < BITS_WITH_ALPHA or any(colours[3::4]) else BITS_WITHOUT_ALPHA
    if missing and bits < BITS_WITH_ALPHA and picture.mask_is_promised:
        raise _cut()
    return data, bits


def _check_chunks(png: bytes) -> None:
    at = len(PNG)
    for _ in range(MAX_CHUNKS):
        if len(png) < at + 8 or png[at + 4 : at + 8] == b"IDAT":
            return
        at += 12 + int.from_bytes(png[at : at + 4], "big")
    raise _too_many("chunks in a PNG")


def _exactly(stream: IO[bytes], size: int) -> bytes:
    data = stream.read(size)
    if len(data) < size:
        raise Rejected(Reason.TRUNCATED, "The ICO ends before its last picture; upload the whole file.")
    return data


def _too_many(what: str) -> Rejected:
    return Rejected(Reason.CORRUPT, f"The ICO has too many {what}.")
