"""What a decoder keeps of a file beside the pixels that it gives out, in bytes, by what the file says of itself."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import IO, TYPE_CHECKING, Final, cast

from resizer.formats import jpeg2000

if TYPE_CHECKING:
    from PIL import TiffImagePlugin
    from PIL.ImageFile import ImageFile


MB: Final = 1_048_576
BYTES_PER_PIXEL: Final = {"1": 1, "L": 1, "P": 1, "I;16": 2, "I;16B": 2, "I;16L": 2}
# What is held of a file's head at once: in the stream, in Pillow's list of parts, and put together.
HEADER_COPIES: Final = 3
BYTES_PER_STRIP: Final = 400  # Pillow's own entry for each, measured
MANY_PARTS: Final = 4 * MB  # a smaller WebP cannot have so many parts that it matters
# TIFF 6.0, sections 8, 15 and 21.
WIDTH, LENGTH, BITS, PHOTOMETRIC, ORIENTATION, SAMPLES, ROWS_PER_STRIP, PLANES = 256, 257, 258, 262, 274, 277, 278, 284
TILE_WIDTH, TILE_LENGTH = 322, 323
YCBCR, APART = 6, 2
# Samples for each pixel by a HEIC's subsampling as pillow-heif names it; it has no name for gray.
HEIC_SAMPLES: Final = {420: 1.5, 422: 2.0, 444: 3.0}
HEIC_BLOCKS: Final = 1.5  # bytes per pixel that libde265 keeps of how blocks were coded, measured


def decoder_buffers(image: ImageFile, stream: IO[bytes], file_size: int) -> int:
    """What a decoder keeps of an opened image; the stream stands where its opening ended."""
    match image.format:
        case "PNG":
            return HEADER_COPIES * stream.tell()
        case "TIFF":
            return _tiff_bytes(cast("TiffImagePlugin.TiffImageFile", image), file_size)
        case "JPEG2000":
            return jpeg2000.decoder_bytes(stream)
        case _:
            return round(image.width * image.height * _bytes_per_pixel(image))


def _tiff_bytes(image: TiffImagePlugin.TiffImageFile, file_size: int) -> int:
    """The tags and strips; a strip or tile at a time, or the picture turned; of compressed ones the file."""
    tags = image.tag_v2
    held = tags._tag_data_size  # noqa: SLF001 # Pillow counts it, and tells no one
    kept = 2 * held + BYTES_PER_STRIP * len(image.tile)
    turned = image.width * image.height * BYTES_PER_PIXEL.get(image.mode, 4) if tags.get(ORIENTATION, 1) != 1 else 0
    if image.info.get("compression", "raw") == "raw":
        starts = sorted(part.offset for part in image.tile)
        return kept + max([turned, *(later - start for start, later in pairwise(starts))])
    across, down = int(tags[WIDTH]), int(tags[LENGTH])  # as stored, before it is turned
    strip = across * min(int(tags.get(ROWS_PER_STRIP, down)), down)
    tile = math.prod(int(tags.get(side, 0)) for side in (TILE_WIDTH, TILE_LENGTH))
    return kept + file_size + max((tile or strip) * _bits_at_once(tags) // 8, turned)


def _bits_at_once(tags: TiffImagePlugin.ImageFileDirectory_v2) -> int:
    """Bits per pixel of a compressed strip, which may be of one channel; Pillow has YCbCr come as RGBA."""
    bits = tags.get(BITS) or (1,) * int(tags.get(SAMPLES, 1))
    taken = bits[0] if tags.get(PLANES) == APART else sum(bits)
    return int(max(taken, 32) if tags.get(PHOTOMETRIC) == YCBCR else taken)


def _bytes_per_pixel(image: ImageFile) -> float:
    if image.format == "BMP" and image.info.get("compression"):  # runs, which Pillow decodes into bytes of their own
        return 3
    return _heic_bytes_per_pixel(image) if image.format == "HEIF" else 0


def _heic_bytes_per_pixel(image: ImageFile) -> float:
    """What libheif holds at once beside Pillow's own four bytes, of which there are none before the last step.

    First the samples as they are coded and in full resolution, and bytes for Pillow; then these bytes alone. Of the
    commonest kind, 4:2:0 in full range, the bytes are made without the samples in full resolution.
    """
    channels = {"L": 1, "I;16": 1, "RGB": 3}.get(image.mode, 4)
    subsampling = image.info.get("chroma", 0)
    if subsampling == 420 and channels == 3 and image.info.get("nclx_profile", {}).get("full_range_flag"):
        return channels + HEIC_BLOCKS
    coded = HEIC_SAMPLES.get(subsampling, 1.0) + (channels == 4)
    bytes_per_sample = 2 if image.info.get("bit_depth", 8) > 8 else 1
    return max(channels, bytes_per_sample * (coded + channels) + channels - 4) + HEIC_BLOCKS


def parts_of_webp(start: bytes, file_size: int) -> int:
    """What libwebp keeps of a large file in many parts: an entry of 32 bytes for each, which may have as few as 8."""
    return 4 * file_size if start[12:16] == b"VP8X" and file_size > MANY_PARTS else 0
