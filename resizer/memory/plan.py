"""How much memory an image takes, predicted from its header before anything is decoded.

Everything is in bytes. Each term names the buffer that it stands for; `bench/memory` sets the predictions beside
measured peaks.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Final

from resizer.model import Format
from resizer.planning.geometry import is_kept

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from resizer.model import Header

MB: Final = 1_048_576
# Rows in hand, Huffman tables, the stream's own blocks, thread stacks: whatever the image.
FIXED: Final = 11 * MB
# Pillow keeps every pixel of these modes in this many bytes; all others take four.
BYTES_PER_PIXEL: Final = {"1": 1, "L": 1, "P": 1, "I;16": 2, "I;16B": 2, "I;16L": 2}
# What converting to a mode that can be resampled takes beside it, per pixel; L, RGB, RGBA and CMYK take nothing.
CONVERSION: Final = {"1": 1, "I;16": 6, "I;16B": 6, "I;16L": 6, "I": 5, "F": 5}
# What a decoder holds beside Pillow's own pixels, per pixel of the source. WebP: its ARGB, its canvas twice and the
# frame handed over.
DECODER: Final = {"WEBP": 13, "ICO": 4}
# An AVIF's holds its samples, at most 4:4:4 twice and transparency at 16 bits; what it hands over; and how blocks are
# coded.
AVIF_SAMPLES: Final = 14
AVIF_CHANNELS: Final = {"L": 1, "RGB": 3}
AVIF_BLOCKS: Final = 1.5  # bytes per pixel, measured: 0.4 of gray ones, 1.3 of 4:4:4 with transparency at 10 bits
# Formats that are read whole, and how many copies of the file are in memory at once.
FILE_COPIES: Final = {"WEBP": 2, "AVIF": 2, "HEIF": 2, "GIF": 1, "TIFF": 1, "JPEG2000": 2, "ICO": 2}


@dataclass(frozen=True, slots=True)
class Encoder:
    """What an encoder takes, in bytes: `fixed`, and the rest per pixel, measured with noise and with smooth pictures.

    `opaque` and `clear`, with transparency, are held beside one picture, `frame` beside each frame of an animation
    more; `opaque_file` and `clear_file` are the largest files, of noise at the highest quality.
    """

    fixed: int
    opaque: float
    clear: float
    frame: float
    opaque_file: float
    clear_file: float


ENCODERS: Final = {
    Format.JPEG: Encoder(0, 3.8, 7.9, 0, 1.5, 1.5),
    Format.PNG: Encoder(1 * MB, 6.3, 9.3, 8.5, 3.1, 4.1),  # with what finding and comparing a palette takes more
    Format.GIF: Encoder(16 * MB, 35, 39, 2.3, 1.4, 1.4),  # the palette's colours are found among all that there are
    Format.WEBP: Encoder(0, 13.3, 36, 5.1, 2.8, 3.8),
    Format.AVIF: Encoder(2 * MB, 29, 34, 4, 2.2, 3.2),
}
GRAY_PNG: Final = Encoder(1 * MB, 1.2, 1.2, 0, 1.1, 1.1)
FEW_COLOURS: Final = 14  # per pixel of a GIF that has its palette's colours still
COMPOSED: Final = 4  # per pixel of a frame, composed with transparency that it does not need
# Outputs that are in memory at once: two that are being written, and the one that is made.
IN_FLIGHT: Final = 3


def memory_needed(
    header: Header, eighths: int, sizes: Sequence[tuple[int, int]], file_size: int, formats: Collection[Format]
) -> int:
    """The most that resizing an image takes beyond what the process holds already, in bytes.

    The decoder scales it to so many `eighths`; `sizes` are those of the renditions in pixels, widest first, `formats`
    what they are written in.
    """
    width, height = -(-header.width * eighths // 8), -(-header.height * eighths // 8)
    pixels = width * height
    decoded = (
        pixels * BYTES_PER_PIXEL.get(header.mode, 4)
        + round(header.width * header.height * _decoder(header))
        + file_size * FILE_COPIES.get(header.format, 0)
    )
    depth = _depth(header)
    first, later = (passes * depth for passes in _passes(header, height, sizes))
    widest = prod(sizes[0]) * depth
    resized = decoded + _conversion(header) * pixels + first + 2 * widest  # it is turned, and brought into its colours
    done = (header.frames - 1) * widest
    kept = decoded if is_kept(header, sizes) else 0
    encoded = kept + max(first, later) + _encoding(header, sizes, formats)
    return FIXED + max(decoded + header.buffered_bytes + done, resized + done, encoded)


def _decoder(header: Header) -> float:
    """Bytes per pixel of the source that its decoder holds beside Pillow's own."""
    if header.format != "AVIF":
        return DECODER.get(header.format, 0)
    samples = AVIF_SAMPLES if header.sample_bytes is None else header.sample_bytes
    return samples + AVIF_CHANNELS.get(header.mode, 4) + AVIF_BLOCKS


def _conversion(header: Header) -> int:
    by_colour = header.has_transparency and header.mode in {"1", "L", "RGB"}  # one that is transparent
    if header.frames > 1 or by_colour or header.mode not in {"L", "RGB", "RGBA", "CMYK", *CONVERSION}:
        return 4
    return CONVERSION.get(header.mode, 0)


def _depth(header: Header) -> int:
    """Bytes per pixel of what is resampled."""
    gray = header.mode in {"1", "L", "I", "F"} or header.mode.startswith("I;16")
    return 1 if gray and not header.has_transparency and header.frames == 1 else 4


def _passes(header: Header, height: int, sizes: Sequence[tuple[int, int]]) -> tuple[int, int]:
    """Pixels between the two passes of the resampler, across and then down, for the widest size and for the next.

    The resampler keeps them, so that the larger ones stay.
    """
    across = sizes[0][1] if header.orientation >= 5 else sizes[0][0]
    first = 0 if sizes[0] == header.upright_size else across * height  # it may be that wide already
    return first, sizes[1][0] * sizes[0][1] if len(sizes) > 1 else 0


def _encoding(header: Header, sizes: Sequence[tuple[int, int]], formats: Collection[Format]) -> int:
    """The most at any size: what has been resized so far, the hungriest encoder, and the largest files so far.

    Those of one size may be kept for the next.
    """
    most, held, files = 0.0, 0, list[float]()
    for size in sizes:
        encoders = [_encoder(ENCODERS[format_], header, size) for format_ in formats]
        held += header.frames * prod(size) * _depth(header)
        files = sorted(files + [file for _, file in encoders], reverse=True)[: max(IN_FLIGHT, len(formats))]
        most = max(most, held + max(beside for beside, _ in encoders) + sum(files))
    return round(most)


def _encoder(encoder: Encoder, header: Header, size: tuple[int, int]) -> tuple[float, float]:
    """What an encoder holds beside the pictures of this size, and the largest file that it makes of them."""
    if encoder is ENCODERS[Format.PNG] and _depth(header) == 1:
        encoder = GRAY_PNG
    more = header.frames - 1 if encoder.frame else 0
    clear = header.has_transparency or (header.format == "GIF" and header.frames > 1)  # where no frame covers it
    one = encoder.clear if clear else encoder.opaque + COMPOSED * (more > 0)
    if encoder is ENCODERS[Format.GIF] and header.mode == "P" and not more and size == header.upright_size:
        one = FEW_COLOURS
    file = encoder.clear_file if clear else encoder.opaque_file
    return encoder.fixed + prod(size) * (one + more * encoder.frame), prod(size) * (1 + more) * file
