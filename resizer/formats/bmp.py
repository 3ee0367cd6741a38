"""BMP. We read the header, and Pillow decodes the rows.

Pillow does not read unusual bit fields, nor the transparency and profiles of most V4 and V5 headers. From Microsoft's
descriptions of BITMAPINFOHEADER, BITMAPV4HEADER and BITMAPV5HEADER.
"""

import struct
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import IO, ClassVar, Final

from PIL import Image, ImageChops
from PIL.BmpImagePlugin import BmpRleDecoder

from resizer.errors import Reason, Rejected
from resizer.formats.base import SourceFile, SourceFormat, ask, exactly
from resizer.formats.pillow_private import Pixels
from resizer.formats.prepared_file import PreparedFile
from resizer.model import Frame, Header

FILE_HEADER: Final = 14
CORE, INFO, V4, V5 = 12, 40, 108, 124  # bytes of headers; other lengths exist between these
FIELDS: Final = struct.Struct("<4xii2xHI12xI4x4II52xII4x")  # V5; older headers have the first of these
RGB, RLE8, RLE4, BITFIELDS, ALPHA_BITFIELDS = 0, 1, 2, 3, 6
DEEP: Final = (16, 24, 32)  # bits of pixels without a palette
BITS: Final = {RGB: (1, 4, 8, *DEEP), RLE8: (8,), RLE4: (4,), BITFIELDS: DEEP, ALPHA_BITFIELDS: DEEP}
EMBEDDED: Final = 0x4D424544
GREYS: Final = bytes(value for value in range(256) for _ in "RGB")  # the palette of most grey pictures

# Masks of red, green and blue for files without masks.
USUAL: Final = {16: (0x7C00, 0x3E0, 0x1F), 24: (0xFF0000, 0xFF00, 0xFF), 32: (0xFF0000, 0xFF00, 0xFF)}
ALPHA: Final = 0xFF000000  # in icons of 32 bits
# Masks that Pillow supports, with its mode and raw mode.
DIRECT: Final[dict[tuple[int, tuple[int, ...]], tuple[str, str]]] = {
    (16, (0x7C00, 0x3E0, 0x1F, 0)): ("RGB", "BGR;15"),
    (16, (0xF800, 0x7E0, 0x1F, 0)): ("RGB", "BGR;16"),
    (24, (0xFF0000, 0xFF00, 0xFF, 0)): ("RGB", "BGR"),
    (32, (0xFF0000, 0xFF00, 0xFF, 0)): ("RGB", "BGRX"),
    (32, (0xFF0000, 0xFF00, 0xFF, ALPHA)): ("RGBA", "BGRA"),
}
# For all others: the palette's indices, or the pixel's bytes, from which we compute its colours.
PLAIN: Final = {
    1: ("P", "P;1"), 4: ("P", "P;4"), 8: ("P", "P"), 16: ("LA", "LA"), 24: ("RGB", "RGB"), 32: ("RGBA", "RGBA"),
}  # fmt: skip

Image.register_decoder("bmp_rle", BmpRleDecoder)


class OpenedBmp(Pixels):
    """An opened BMP, or a bitmap in an icon, whose header is at an offset in the stream.

    `masks` are those of red, green, blue and alpha (0: none) in a pixel of so many `bits`; `profile` is an offset and a
    size in bytes. Raises `Rejected`: `truncated`, `corrupt`, or `unsupported_format` for unknown bits or compressions.
    """

    def __init__(self, stream: IO[bytes], at: int, pixels_at: int = 0, *, in_icon: bool = False) -> None:
        length, head = _header(stream, at)
        width, height, bits, compression, colours, *masks, space, profile_at, profile_size = FIELDS.unpack(head)
        if bits not in BITS.get(compression, ()):
            what = f"{bits} bits a pixel and compression {compression}"
            detail = f"The BMP has {what}, which we do not read; save it with 24 bits."
            raise Rejected(Reason.UNSUPPORTED_FORMAT, detail)
        if in_icon:
            masks[3] = masks[3] or ALPHA
        elif compression == RGB and length < V4:
            masks[3] = 0
        self.bits, self.masks = bits, _masks(masks, bits, compression)
        self.has_alpha = bool(self.masks[3])
        self.is_computed = bits in DEEP and (bits, self.masks) not in DIRECT
        palette = _palette(stream, bits, colours, entry=3 if length == CORE else 4)
        self.profile = (at + profile_at, profile_size) if space == EMBEDDED else None
        self.pixels_at = pixels_at or stream.tell()
        self.row_bytes = -(-width * bits // 32) * 4
        self.is_in_runs = compression in {RLE8, RLE4}
        mode, raw_mode = ("L", "L") if palette == GREYS else DIRECT.get((bits, self.masks)) or PLAIN[bits]
        decoder, packing = ("bmp_rle", compression == RLE4) if self.is_in_runs else ("raw", self.row_bytes)
        arguments = raw_mode, packing, 1 if height < 0 else -1
        size = width, abs(height) // (1 + in_icon)  # in an icon the height includes the mask
        pixels = PreparedFile(stream, begin=self.pixels_at)
        super().__init__(pixels, size, mode, decoder=(decoder, arguments), palette=palette)

    def shown(self) -> Image.Image:
        """The decoded picture: in L, P, RGB or RGBA."""
        self.load()
        if not self.is_computed:
            return self
        parts = self.split()
        bands = [_channel(parts, mask) for mask in self.masks[: 3 + self.has_alpha]]
        return Image.merge("RGBA" if self.has_alpha else "RGB", bands)


def _header(stream: IO[bytes], at: int) -> tuple[int, bytes]:
    """A header's size, and its bytes as in a V5 header."""
    stream.seek(at)
    head = exactly(stream, 4, "BMP")
    length = int.from_bytes(head, "little")
    if not CORE <= length <= V5:
        raise Rejected(Reason.CORRUPT, f"The BMP has a header of {length} bytes, which is not a valid length.")
    head += exactly(stream, length - 4, "BMP")
    if length == CORE:
        head = struct.pack("<4xiiHH", *struct.unpack("<4x4H", head))
    elif length == INFO:
        head += exactly(stream, {BITFIELDS: 12, ALPHA_BITFIELDS: 16}.get(head[16], 0), "BMP")
    return length, head.ljust(V5, b"\0")


def _palette(stream: IO[bytes], bits: int, colours: int, *, entry: int) -> bytes:
    """The palette's RGB values; empty if there is none."""
    if bits in DEEP:
        return b""
    most = 1 << bits
    data = exactly(stream, entry * (min(colours, most) or most), "BMP")
    return bytes(data[at + colour] for at in range(0, len(data), entry) for colour in (2, 1, 0))


def _masks(given: Sequence[int], bits: int, compression: int) -> tuple[int, ...]:
    """The pixel's masks. As in browsers, the alpha mask of some headers counts even if the other masks do not."""
    if bits not in DEEP:
        return (0, 0, 0, 0)
    colours = given[:3] if compression != RGB and any(given[:3]) else USUAL[bits]
    masks = tuple(mask & (1 << bits) - 1 for mask in (*colours, given[3]))
    if any(mask & (mask + (mask & -mask)) for mask in masks):  # adding 1 at the lowest bit does not clear them all
        raise Rejected(Reason.CORRUPT, "The BMP has bit fields with holes.")
    return masks


def _channel(parts: Sequence[Image.Image], mask: int) -> Image.Image:
    """One colour channel from the pixel's bytes, lowest first; each byte adds its share."""
    total = Image.new("L", parts[0].size)
    lowest = mask & -mask
    for number, part in enumerate(parts):
        if here := mask >> 8 * number & 0xFF:
            values = [((byte & here) << 8 * number) // lowest for byte in range(256)]
            share = part.point([round(value * 255 / (mask // lowest)) for value in values])
            total = ImageChops.add(total, share)
    return total


class BmpSource(SourceFormat[OpenedBmp]):
    """Reads BMPs."""

    name: ClassVar[str] = "BMP"
    seconds_per_pixel: ClassVar[float] = 80e-9

    def open(self, file: SourceFile) -> OpenedBmp:
        (pixels_at,) = struct.unpack("<10xI", exactly(file.stream, FILE_HEADER, "BMP"))
        image = OpenedBmp(file.stream, FILE_HEADER, pixels_at)
        if image.profile:
            ask(file.stream, "hold_everything")  # the profile comes after the pixels
            at, size = image.profile
            file.stream.seek(at)
            image.info["icc_profile"] = exactly(file.stream, size, "BMP")
        return image

    def describe(self, image: OpenedBmp, file: SourceFile) -> Header:
        # Computed colours need all parts of a pixel, and the run-length decoder keeps three.
        held = image.width * image.height * (12 * image.is_computed + 3 * image.is_in_runs)
        return replace(
            super().describe(image, file),
            mode="RGBA" if image.has_alpha else "RGB" if image.is_computed else image.mode,
            has_transparency=image.has_alpha,
            held_bytes=held + (file.size if image.profile else 0),
        )

    def frames(self, image: OpenedBmp) -> Iterator[Frame]:
        yield Frame(image.shown())
