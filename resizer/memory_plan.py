"""How much memory an image takes, predicted from its header before anything is decoded.

Everything is in bytes. Each term names the buffer that it stands for; `bench/memory.py` sets the predictions beside
measured peaks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from resizer.model import Format

if TYPE_CHECKING:
    from collections.abc import Iterable

    from resizer.model import Header

MB: Final = 1_048_576
# Rows in hand, Huffman tables, the stream's own blocks, an encoder's output, thread stacks: whatever the image.
FIXED: Final = 11 * MB
# Pillow keeps every pixel of these modes in this many bytes; all others take four.
BYTES_PER_PIXEL: Final = {"1": 1, "L": 1, "P": 1, "I;16": 2, "I;16B": 2, "I;16L": 2}
# What converting to a mode that can be resampled takes beside it, per pixel; L, RGB, RGBA and CMYK take nothing.
CONVERSION: Final = {"1": 1, "I;16": 6, "I;16B": 6, "I;16L": 6, "I": 5, "F": 5}
# What a decoder holds beside Pillow's own pixels, per pixel of the source. WebP: its ARGB, its canvas twice and the
# frame handed over. AVIF: planes of up to 4:4:4 at 16 bits, and RGBA. JPEG 2000: 32-bit samples.
DECODER: Final = {"WEBP": 13, "AVIF": 10, "JPEG2000": 20, "ICO": 4}
# Formats that are read whole, and how many copies of the file are in memory at once.
FILE_COPIES: Final = {"WEBP": 2, "AVIF": 2, "HEIF": 2, "GIF": 1, "TIFF": 1, "JPEG2000": 1, "ICO": 2}
# What an encoder holds beside the picture: a fixed part, and bytes per pixel of the widest rendition.
# PNG: a palette, and the picture in its colours set beside itself.
ENCODER: Final = {
    Format.PNG: (2 * MB, 14),
    Format.GIF: (20 * MB, 8),
    Format.AVIF: (24 * MB, 30),
    Format.WEBP: (4 * MB, 8),
}
# How many times all frames of an animation are in memory at once, at the size of the widest rendition: themselves,
# the narrower ones, and the encoder's own copies.
ANIMATION_COPIES: Final = {"GIF": 3.0, "PNG": 4.0, "WEBP": 3.0}


def memory_needed(
    header: Header, scale: int, widest: tuple[int, int], file_size: int, formats: Iterable[Format] = ()
) -> int:
    """The most that resizing an image takes beyond what the process holds already, in bytes.

    `scale` is the divisor that the decoder uses (1, 2, 4 or 8), `widest` the size of the largest rendition in pixels,
    `formats` what renditions are written in.
    """
    width, height = -(-header.width // scale), -(-header.height // scale)
    pixels = width * height
    decoded = (
        pixels * BYTES_PER_PIXEL.get(header.mode, 4)
        + header.width * header.height * DECODER.get(header.format, 0)
        + file_size * FILE_COPIES.get(header.format, 0)
    )
    resampled = decoded + _conversion(header) * pixels + _resampling(header, height, widest)
    encoders = [fixed + each * widest[0] * widest[1] for fixed, each in (ENCODER.get(f, (0, 0)) for f in formats)]
    if header.frames > 1:
        kept = round(header.frames * widest[0] * widest[1] * 4 * ANIMATION_COPIES.get(header.format, 4.0))
        return FIXED + resampled + kept + max(encoders, default=0)
    return FIXED + max(decoded + header.buffered_bytes, resampled, *encoders, 0)


def _conversion(header: Header) -> int:
    if header.frames > 1 or header.mode not in {"L", "RGB", "RGBA", "CMYK", *CONVERSION}:
        return 4
    return CONVERSION.get(header.mode, 0)


def _resampling(header: Header, height: int, widest: tuple[int, int]) -> int:
    """Two passes: across to the new width at the old height, then down; the result, turned, and in its colours."""
    across = widest[1] if header.orientation >= 5 else widest[0]
    gray = header.mode in {"1", "L", "I", "F"} or header.mode.startswith("I;16")
    depth = 1 if gray and not header.has_transparency else 4
    return across * height * depth + 3 * widest[0] * widest[1] * depth
