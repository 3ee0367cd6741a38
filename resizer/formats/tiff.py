"""TIFF, which scanners, archives and image editors write in more ways than Pillow reads.

The directory of the right page is written anew behind the end of the file, so that Pillow meets one page that it can
read, upright, without what no rendition needs.
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

# libtiff reads WebP only where it was built with it, and Pillow's was not.
COMPRESSIONS: Final = frozenset(TiffImagePlugin.COMPRESSION_INFO) - {50001}
# TIFF 6.0, sections 8, 15 and 21.
WIDTH, LENGTH, ROWS_PER_STRIP, TILE_WIDTH, TILE_LENGTH = 256, 257, 278, 322, 323
YCBCR: Final = 6
# What Pillow says where the tags are in order and only it knows no such samples.
UNREAD: Final = frozenset({"unknown pixel mode", "unknown data organization", "Invalid value for samples per pixel"})
# libtiff gives samples in the machine's order of bytes, as Pillow forgets for these; Lambda's is little-endian.
NATIVE: Final = {"F;32BF": "F;32F", "I;16BS": "I;16S", "I;32BS": "I;32S"}
BYTES_PER_STRIP: Final = 400  # Pillow's own entry for each, measured
COPIES_OF_TAGS: Final = 3  # the prepared ones, and Pillow's of both its kinds


class OpenedTiff(TiffImagePlugin.TiffImageFile):
    """One page, opened by its prepared directory."""

    def __init__(self, file: PreparedFile, page: Page) -> None:
        self.page = page
        super().__init__(cast("IO[bytes]", file))


class TiffSource(SourceFormat):
    """How TIFFs are read."""

    name: ClassVar[str] = "TIFF"
    access: ClassVar[Access] = Access.BACK_AND_FORTH
    file_copies: ClassVar[int] = 1
    seconds_per_pixel: ClassVar[float] = 40e-9

    def open(self, file: SourceFile) -> ImageFile:
        page = Page(file.stream)
        method = page.samples.compression
        if method not in COMPRESSIONS:
            raise _unsupported(f"It is compressed by method {method}, which is not read; save it with LZW.")
        TiffImagePlugin.READ_LIBTIFF = page.samples.needs_libtiff
        try:
            image = OpenedTiff(page.prepared(), page)
        except SyntaxError as problem:
            if str(problem) not in UNREAD:
                raise
            raise _unsupported(f"Its samples are not read ({problem}); save it with 8 bits a channel.") from problem
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
    """Whether pixels lie beyond the file's own end, behind which the prepared directory is."""
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
    return Rejected(Reason.UNSUPPORTED_FORMAT, f"The TIFF is of a kind that is not read. {detail}")


def _decoder_bytes(image: ImageFile, page: Page) -> int:
    """The tags and strips; a strip or tile at a time; of what libtiff reads, the file."""
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
    """Bits per pixel of a strip, which may be of one channel; Pillow has YCbCr come as RGBA."""
    samples = page.samples
    taken = samples.bits[0] if samples.planes == APART else sum(samples.bits)
    return max(taken, 32) if samples.photometric == YCBCR else taken
