"""How much memory an image takes, predicted from its header before anything is decoded.

Everything is in bytes. Each term names the buffer that it stands for; `bench/memory.py` sets the predictions beside
measured peaks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from resizer.model import Header

MB: Final = 1_048_576
# Rows in hand, Huffman tables, the stream's own blocks, an encoder's output, thread stacks: whatever the image.
FIXED: Final = 9 * MB
# Pillow keeps every pixel of these modes in this many bytes; all others take four.
BYTES_PER_PIXEL: Final = {"1": 1, "L": 1, "P": 1, "I;16": 2, "I;16B": 2, "I;16L": 2}
# What a decoder holds beside Pillow's own pixels, per pixel of the source.
# WebP: the decoder's ARGB, its canvas twice, and the frame handed over. AVIF: planes up to 4:4:4 at 16 bits, and RGBA
# twice. JPEG 2000: 32-bit samples of up to four components, twice. HEIF: planes, and RGBA twice.
DECODER_BYTES_PER_PIXEL: Final = {"WEBP": 17, "AVIF": 14, "JPEG2000": 32, "HEIF": 14, "ICO": 4}
# Formats that are read whole, and how many copies of the file are in memory at once.
FILE_COPIES: Final = {"WEBP": 2, "AVIF": 2, "TIFF": 2, "HEIF": 2}


def memory_needed(header: Header, scale: int, widest: tuple[int, int], file_size: int) -> int:
    """The most that resizing an image takes beyond what the process holds already, in bytes.

    `scale` is the divisor that the decoder uses (1, 2, 4 or 8), `widest` the size of the largest rendition.
    """
    width, height = -(-header.width // scale), -(-header.height // scale)
    pixels = width * height
    stored = pixels * BYTES_PER_PIXEL.get(header.mode, 4)
    file = file_size * FILE_COPIES.get(header.format, 0)
    beside = header.width * header.height * DECODER_BYTES_PER_PIXEL.get(header.format, 0)
    decoding = stored + beside + header.buffered_bytes + file
    resizing = stored + beside + file + _converted(header, pixels) + _resampling(header, (width, height), widest)
    if header.frames > 1:
        # Frames are composed on a canvas, and all of them are kept at every rendition's size until they are written.
        kept = header.frames * widest[0] * widest[1] * 4 * 2
        return FIXED + max(decoding, resizing) + pixels * 8 + kept
    return FIXED + max(decoding, resizing)


def _converted(header: Header, pixels: int) -> int:
    """The copy in a mode that can be resampled, where the decoded one cannot."""
    if header.mode in {"L", "RGB", "RGBA", "CMYK"}:
        return 0
    if header.mode in {"1", "I;16", "I;16B", "I;16L"}:
        return pixels * 3  # by way of 16 bits
    return pixels * 4


def _resampling(header: Header, size: tuple[int, int], widest: tuple[int, int]) -> int:
    """Two passes: across to the new width at the old height, then down; transparency is multiplied in a copy first."""
    across = widest[1] if header.orientation >= 5 else widest[0]
    depth = 1 if header.mode in {"1", "L", "I;16", "I;16B", "I;16L"} and not header.has_transparency else 4
    multiplied = size[0] * size[1] * 4 if header.has_transparency else 0
    results = 3 * widest[0] * widest[1] * depth  # resized, turned, converted in colour
    return multiplied + across * size[1] * depth + results
