"""What a decoder keeps of a file beside the pixels that it gives out, in bytes, by what the file says of itself."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING, Final

from PIL import JpegImagePlugin

if TYPE_CHECKING:
    from PIL.ImageFile import ImageFile

    from resizer.formats.structure import JpegCoding

MB: Final = 1_048_576
# What is held of a file's head at once: in the stream, in Pillow's list of parts, and put together.
HEADER_COPIES: Final = 3
FILE_COPIES: Final = 3  # of a file that is handed to its decoder in one piece
MANY_PARTS: Final = 4 * MB  # a smaller WebP cannot have so many parts that it matters


def decoder_buffers(image: ImageFile, stream: IO[bytes], file_size: int, coding: JpegCoding) -> int:
    """What a decoder keeps of an opened image; the stream stands where its opening ended, `coding` is a JPEG's."""
    match image.format:
        case "JPEG" | "MPO" if isinstance(image, JpegImagePlugin.JpegImageFile):
            return HEADER_COPIES * stream.tell() + _jpeg_bytes(image, file_size, coding)
        case "PNG":
            return HEADER_COPIES * stream.tell()
        case _:
            return 0


def _jpeg_bytes(image: JpegImagePlugin.JpegImageFile, file_size: int, coding: JpegCoding) -> int:
    """What libjpeg keeps of a JPEG in several scans: a 16-bit coefficient per sample, in whole blocks.

    Of an arithmetic-coded one the file too: that decoder cannot wait for the next piece, so it is handed all at once.
    """
    components, whole = image.layer, 0
    if coding.arithmetic:
        image.decodermaxblock = -1
        whole = FILE_COPIES * file_size
    if not coding.several_scans:
        return whole
    across, down = max(part[1] for part in components), max(part[2] for part in components)
    columns, rows = -(-image.width // (8 * across)), -(-image.height // (8 * down))
    return whole + sum(columns * part[1] * rows * part[2] for part in components) * 64 * 2


def parts_of_webp(start: bytes, file_size: int) -> int:
    """What libwebp keeps of a large file in many parts: an entry of 32 bytes for each, which may have as few as 8."""
    return 4 * file_size if start[12:16] == b"VP8X" and file_size > MANY_PARTS else 0
