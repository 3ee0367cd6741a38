"""Reads TIFFs, which scanners, archives and image editors write in more ways than Pillow supports.

We write a new directory for the best page after the end of the file: Pillow sees a single page that it can read,
upright, and without tags that no rendition needs.
"""

from __future__ import annotations

from itertools import pairwise
from math import prod
from typing import IO, TYPE_CHECKING, ClassVar, Final, cast

from PIL import TiffImagePlugin

from resizer.errors import Reason, Rejected
from resizer.formats.base import Access, SourceFile, SourceFormat
from resizer.formats.pillow_private import replace_raw_modes
from resizer.formats.tiff_page import ORIENTATION, Page
from resizer.formats.tiff_samples import APART, UNCOMPRESSED
from resizer.model import Frame, Header

if TYPE_CHECKING:
    from collections.abc import Iterator

    from PIL.ImageFile import ImageFile

    from resizer.formats.prepared_file import PreparedFile

# Pillow's libtiff is built without WebP.
COMPRESSIONS: Final = frozenset(TiffImagePlugin.COMPRESSION_INFO) - {50001}
# TIFF 6.0, sections 8, 15 and 21.
WIDTH, LENGTH, ROWS_PER_STRIP, TILE_WIDTH, TILE_LENGTH = 256, 257, 278, 322, 323
YCBCR: Final = 6
# Pillow's errors for valid TIFFs whose samples it does not support.
UNREAD: Final = frozenset({"unknown pixel mode", "unknown data organization", "Invalid value for samples per pixel"})
# libtiff returns samples in the machine's byte order, which Pillow forgets for these; Lambda is little-endian.
NATIVE: Final = {"F;32BF": "F;32F", "I;16BS": "I;16S", "I;32BS": "I;32S"}
BYTES_PER_STRIP: Final = 400  # Pillow's own entry for each, measured
COPIES_OF_TAGS: Final = 3  # ours, and two of Pillow's


class OpenedTiff(TiffImagePlugin.TiffImageFile):
    """One page, opened with its new directory."""

    def __init__(self, file: PreparedFile, page: Page) -> None:
        self.page = page
        super().__init__(cast("IO[bytes]", file))


class TiffSource(SourceFormat):
    """Reads TIFFs."""

    name: ClassVar[str] = "TIFF"
    access: ClassVar[Access] = Access.BACK_AND_FORTH
    file_copies: ClassVar[int] = 1
    seconds_per_pixel: ClassVar[float] = 40e-9

    def open(self, file: SourceFile) -> ImageFile:
        page = Page(file.stream)
        method = page.samples.compression
        if method not in COMPRESSIONS:
            raise _unsupported(f"It uses compression {method}; save it with LZW.")
        TiffImagePlugin.READ_LIBTIFF = page.samples.needs_libtiff
        try:
            image = OpenedTiff(page.prepared(), page)
        except SyntaxError as problem:
            if str(problem) not in UNREAD:
                raise
            raise _unsupported(f"Its samples are unusual ({problem}); save it with 8 bits per channel.") from problem
        finally:
            TiffImagePlugin.READ_LIBTIFF = False
        if image.use_load_libtiff:
            replace_raw_modes(image, NATIVE)
        return image

    def describe(self, image: ImageFile, file: SourceFile) -> Header:
        del file
        page = _page(image)
        orientation = page.number(ORIENTATION, 1)
        mode = "RGB" if page.samples.is_lab else image.mode
        return Header(
            format=self.name,
            mode=mode,
            width=image.width,
            height=image.height,
            orientation=orientation if orientation in range(1, 9) else 1,
            has_transparency=image.has_transparency_data,
            buffered_bytes=_decoder_bytes(image, page),
        )

    def frames(self, image: ImageFile, header: Header, wanted: tuple[int, int]) -> Iterator[Frame]:
        del header, wanted
        if _is_cut(cast("OpenedTiff", image)):
            raise Rejected(Reason.TRUNCATED, "The TIFF ends before its last pixel; upload the whole file.")
        image.load()
        yield Frame(_page(image).samples.mended(image))


def _is_cut(image: OpenedTiff) -> bool:
    """Whether pixels extend beyond the original file's end, where our directory begins."""
    page = image.page
    if image.use_load_libtiff:
        return page.is_cut
    bits = sum(page.samples.bits[: page.samples.count])
    for part in image.tile:
        left, top, right, bottom = part.extents or (0, 0, 0, 0)
        row = -(-(right - left) * bits // 8)
        stride = part.args[1] if isinstance(part.args, tuple) and part.args[1] else row
        if part.offset + (bottom - top - 1) * stride + row > page.reader.size:
            return True
    return False


def _page(image: ImageFile) -> Page:
    return cast("OpenedTiff", image).page


def _unsupported(detail: str) -> Rejected:
    return Rejected(Reason.UNSUPPORTED_FORMAT, f"This kind of TIFF is not supported. {detail}")


def _decoder_bytes(image: ImageFile, page: Page) -> int:
    """The tags and strips, one strip or tile of pixels, and the file if libtiff reads it."""
    kept = COPIES_OF_TAGS * page.held + BYTES_PER_STRIP * len(image.tile)
    kept += image.width * image.height * page.samples.bytes_to_mend
    if page.samples.compression == UNCOMPRESSED and not page.samples.needs_libtiff:
        starts = sorted(part.offset for part in image.tile)
        return kept + max([0, *(later - start for start, later in pairwise(starts))])
    down = page.number(LENGTH, 0)
    strip = page.number(WIDTH, 0) * min(page.number(ROWS_PER_STRIP, down), down)
    tile = prod(page.number(side, 0) for side in (TILE_WIDTH, TILE_LENGTH))
    return kept + page.reader.size + (tile or strip) * _bits_at_once(page) // 8


def _bits_at_once(page: Page) -> int:
    """Bits per pixel of a strip, which may have one channel only; Pillow reads YCbCr as RGBA."""
    samples = page.samples
    taken = samples.bits[0] if samples.planes == APART else sum(samples.bits)
    return max(taken, 32) if samples.photometric == YCBCR else taken
