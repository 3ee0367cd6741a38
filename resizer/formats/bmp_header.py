"""Reads the headers of BMPs, from OS/2's to Windows' V5.

From Microsoft's descriptions of BITMAPINFOHEADER, BITMAPV4HEADER and BITMAPV5HEADER.
"""

from __future__ import annotations

import io
import struct
from dataclasses import dataclass
from typing import IO, Final

from resizer.errors import Reason, Rejected
from resizer.formats.bmp_fields import USUAL, BitFields
from resizer.formats.prepared_file import PreparedFile

FILE_HEADER: Final = 14
CORE, INFO = 12, 40  # sizes of the oldest header, and of the one that we write
OS2: Final = frozenset({*range(16, 65, 4), 42, 46})  # OS/2's second header may leave out any of its last fields
WITH_MASKS, WITH_ALPHA, WITH_COLOURS, V5 = 52, 56, 108, 124
SIZES: Final = OS2 | {CORE, WITH_MASKS, WITH_ALPHA, WITH_COLOURS, V5}
RGB, RLE8, RLE4, BITFIELDS, ALPHA_BITFIELDS = 0, 1, 2, 3, 6
CALIBRATED, EMBEDDED = 0, 0x4D424544
MAX_PROFILE: Final = 4_194_304  # bytes
D65: Final = (0.3127, 0.329)


@dataclass(frozen=True, slots=True)
class BmpHeader:
    """A BMP's header; `height` is negative if the first row is at the top.

    `pixels_at` is an offset in the file, `profile` an offset and a size in bytes; `palette` has four bytes per colour.
    """

    width: int
    height: int
    bits: int
    compression: int
    palette: bytes
    pixels_at: int
    fields: BitFields | None = None
    profile: tuple[int, int] | None = None
    calibration: tuple[float, ...] = ()

    @classmethod
    def read(cls, stream: IO[bytes]) -> BmpHeader:
        """Read everything before the pixels. Raises `Rejected`."""
        stream.seek(0)
        start = _exactly(stream, FILE_HEADER + 4)
        pixels_at, size = struct.unpack_from("<10xII", start)
        if size not in SIZES:
            raise Rejected(Reason.CORRUPT, f"The BMP has a header of {size} bytes; no program writes one.")
        fields = (start[FILE_HEADER:] + _exactly(stream, size - 4)).ljust(V5, b"\0")
        if size == CORE:
            width, height, bits = struct.unpack_from("<4xHH2xH", fields)
            compression, colours = RGB, 0
        else:
            width, height, bits, compression = struct.unpack_from("<4xii2xHI", fields)
            (colours,) = struct.unpack_from("<32xI", fields)
        if width <= 0 or not height:
            raise Rejected(Reason.CORRUPT, f"The BMP has a size of {width} x {height} pixels.")
        taken = size
        if compression in {BITFIELDS, ALPHA_BITFIELDS} and size == INFO:
            masks = _exactly(stream, 12 if compression == BITFIELDS else 16)
            taken += len(masks)
            fields = fields[:INFO] + masks.ljust(16, b"\0") + fields[56:]
        palette = _palette(stream, bits, colours, entry=3 if size == CORE else 4)
        header = cls(
            width=width,
            height=height,
            bits=bits,
            compression=compression,
            palette=palette,
            pixels_at=pixels_at or FILE_HEADER + taken + len(palette),
            fields=_bit_fields(fields, bits, compression, size),
            profile=_profile(fields, size),
            calibration=_calibration(fields, size),
        )
        header.check()
        return header

    def check(self) -> None:
        """Raise `Rejected`: `unsupported_format` for unknown bits or compressions, `corrupt` for bad masks."""
        colours = self.compression in {RGB, BITFIELDS, ALPHA_BITFIELDS} and self.bits in {1, 4, 8, 16, 24, 32}
        runs = (self.compression, self.bits) in {(RLE8, 8), (RLE4, 4)}
        if not (colours or runs) or (self.compression > RLE4 and self.bits < min(USUAL)):
            what = f"{self.bits} bits a pixel and compression {self.compression}"
            raise Rejected(
                Reason.UNSUPPORTED_FORMAT, f"The BMP has {what}, which we do not read; save it with 24 bits."
            )
        if self.fields and not self.fields.are_whole:
            raise Rejected(Reason.CORRUPT, "The BMP has bit fields with holes.")

    def prepared(self, stream: IO[bytes]) -> PreparedFile:
        """The file with a Windows 3 header in place of its own."""
        compression = self.compression if self.compression in {RLE8, RLE4} else RGB
        colours = len(self.palette) // 4
        info = struct.pack(
            "<IiiHHIIiiII", INFO, self.width, self.height, 1, self.bits, compression, 0, 0, 0, colours, 0
        )
        begin = FILE_HEADER + INFO + len(self.palette)
        head = b"BM" + struct.pack("<I4xI", begin, begin) + info + self.palette
        return PreparedFile(stream, head=head, begin=self.pixels_at, end=stream.seek(0, io.SEEK_END))

    def colours(self) -> dict[str, object]:
        """The colour space in a V4 or V5 header, named like a PNG's in Pillow's `info`; empty if there is none."""
        if not self.calibration:
            return {}
        *primaries, gamma = self.calibration
        return {"chromaticity": (*D65, *primaries), "gamma": 1 / gamma}


def _exactly(stream: IO[bytes], size: int) -> bytes:
    data = stream.read(size)
    if len(data) < size:
        raise Rejected(Reason.TRUNCATED, "The BMP ends within its header; upload the whole file.")
    return data


def _palette(stream: IO[bytes], bits: int, colours: int, *, entry: int) -> bytes:
    if bits not in {1, 4, 8}:
        return b""
    most = 1 << bits
    data = _exactly(stream, entry * (min(colours, most) or most))
    return b"".join(data[at : at + 3] + b"\0" for at in range(0, len(data), entry))


def _bit_fields(fields: bytes, bits: int, compression: int, size: int) -> BitFields | None:
    """The pixel's masks. As in browsers, some headers' alpha mask counts even if the other masks do not."""
    red, green, blue, alpha = struct.unpack_from("<40x4I", fields)
    if bits not in USUAL:
        return None
    if compression not in {BITFIELDS, ALPHA_BITFIELDS} or not red | green | blue:
        red, green, blue = USUAL[bits]
    counts = {WITH_ALPHA: compression != RGB, WITH_COLOURS: True, V5: True}
    if not counts.get(size, compression == ALPHA_BITFIELDS):
        alpha = 0
    whole = (1 << bits) - 1
    masks = red & whole, green & whole, blue & whole, alpha & whole if bits != 24 else 0
    return BitFields(bits, masks)


def _profile(fields: bytes, size: int) -> tuple[int, int] | None:
    space, at, length = struct.unpack_from("<56xI52xII", fields)
    usable = size == V5 and space == EMBEDDED and 0 < length <= MAX_PROFILE
    return (FILE_HEADER + at, length) if usable else None


def _calibration(fields: bytes, size: int) -> tuple[float, ...]:
    """CIE x and y of red, green and blue, and the gamma, from a V4 or V5 header; most have zeros instead."""
    space, *points = struct.unpack_from("<56xI9I", fields)
    gammas = struct.unpack_from("<96x3I", fields)
    if size < WITH_COLOURS or space != CALIBRATED or not all(gammas) or len(set(gammas)) > 1:
        return ()
    primaries = [points[at + axis] / (1 << 30) for at in (0, 3, 6) for axis in (0, 1)]
    return (*primaries, gammas[0] / 65_536) if all(primaries) else ()
