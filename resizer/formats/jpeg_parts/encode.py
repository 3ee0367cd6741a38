"""JPEGs whose Huffman tables fit the picture, for little more than the price of tables that fit none.

CPU and bytes of three renditions each of seven photos: fixed tables 34 ms and 1,168 kB, those of a sample 47 and 1,133,
each file's own 66 and 1,126, progressive 150 and 1,099. At $29 a million CPU seconds of Lambda and $0.09 a GB of
transfer, a sample pays from the first download of every eighth rendition, a file's own tables and progressive only
where nearly all are downloaded. Progressive takes three times as long besides, and made one of the seven larger.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Final

from resizer.formats.jpeg_parts import libjpeg
from resizer.formats.jpeg_parts.compress import COLOR_SPACES, MOST_SEARCHED, Tables, compress
from resizer.formats.jpeg_parts.huffman import AC_SYMBOLS, DC_SYMBOLS
from resizer.formats.jpeg_parts.pixels import BYTES_PER_PIXEL, is_in_one_piece

if TYPE_CHECKING:
    from PIL import Image

BLOCK: Final = 16  # rows that are compressed together where colours have half of the resolution
SAMPLED: Final = 16  # of so many such rows of blocks one is looked at for the tables
# Smaller files get tables of their own, that is, are gone through twice: it is cheap, and codes for what does not occur
# would take 2 % of them and more. 300 bytes of 20,000, measured.
SMALL: Final = 20_000
PART: Final = 1 << 20  # bytes of pixels that are copied at once where it may not


def encode_jpeg(picture: Image.Image, quality: int, exif: bytes) -> bytes:
    """A baseline JPEG, 4:2:0 where it has colours, of what Pillow writes as JPEG; `quality` is 1 to 100.

    Raises what Pillow does where the picture or its EXIF is too large for a JPEG, and MemoryError.
    """
    if not _fits(picture, exif):
        return _by_pillow(picture, quality, exif)
    try:
        return compress(picture, _parts(picture), quality, _shown_by_a_sample(picture, quality), exif).data
    except ValueError:  # Pillow has been told to keep pictures in smaller pieces, or in rows with gaps
        return _by_pillow(picture, quality, exif)


def _fits(picture: Image.Image, exif: bytes) -> bool:
    return (
        picture.mode in COLOR_SPACES
        and 0 < min(picture.size) <= max(picture.size) <= libjpeg.LONGEST_SIDE
        and len(exif) <= libjpeg.LONGEST_SEGMENT
        and libjpeg.loaded() is not None
    )


def _by_pillow(picture: Image.Image, quality: int, exif: bytes) -> bytes:
    file, subsampling = io.BytesIO(), "4:4:4" if picture.mode == "L" else "4:2:0"
    picture.save(file, "JPEG", quality=quality, subsampling=subsampling, optimize=True, exif=exif)
    return file.getvalue()


def _shown_by_a_sample(picture: Image.Image, quality: int) -> Tables | None:
    """Tables that fit some rows and have a code for whatever else comes; None where the file becomes a small one."""
    if picture.width * picture.height <= SMALL:  # few files have more than a byte per pixel
        return None
    rows = _sampled_rows(picture.width, picture.height)
    sample = compress(picture, rows, quality)
    if len(sample.data) * picture.height <= SMALL * sum(map(len, rows)):
        return None
    dc, ac = (
        (brightness.completed(symbols), colour.completed(symbols))
        for (brightness, colour), symbols in zip(sample.tables, (DC_SYMBOLS, AC_SYMBOLS), strict=True)
    )
    return Tables(dc, ac)


def _sampled_rows(width: int, height: int) -> list[range]:
    blocks = -(-height // BLOCK)
    count = min(-(-blocks // SAMPLED), MOST_SEARCHED // (BLOCK * width))
    tops = (BLOCK * (blocks * (2 * number + 1) // (2 * count)) for number in range(count))
    return [range(top, min(top + BLOCK, height)) for top in tops]


def _parts(picture: Image.Image) -> list[range]:
    if is_in_one_piece(picture):
        return [range(picture.height)]
    rows = max(1, PART // (picture.width * BYTES_PER_PIXEL[picture.mode]))
    return [range(top, min(top + rows, picture.height)) for top in range(0, picture.height, rows)]
