"""Reads TIFFs, including kinds by scanners, archives and image editors that Pillow does not support.

We write a new directory for the best page after the end of the file: Pillow sees a single page that it can read,
upright, and without tags that no rendition needs.
"""

from collections.abc import Iterator
from dataclasses import replace
from itertools import chain, pairwise
from math import prod
from typing import IO, ClassVar, Final, cast

from PIL import Image, ImageChops, TiffImagePlugin

from resizer.errors import Reason, Rejected
from resizer.formats.base import Access, SourceFile, SourceFormat, truncated
from resizer.formats.bit_depth import deep_grey
from resizer.formats.orientation import UPRIGHT
from resizer.formats.pillow_private import replace_raw_modes
from resizer.formats.tiff_directory import Directory, TiffFile
from resizer.formats.tiff_page import PHOTOMETRIC, find_page
from resizer.model import Frame, Header

# TIFF 6.0, sections 8, 15, 18 to 23.
BITS, COMPRESSION, STRIPS, ORIENTATION, SAMPLES = 258, 259, 273, 274, 277
ROWS_PER_STRIP, STRIP_SIZES, PLANES, COLOR_MAP = 278, 279, 284, 320
TILE_WIDTH, TILE_LENGTH, TILES, TILE_SIZES, EXTRA_SAMPLES, SAMPLE_FORMAT = 322, 323, 324, 325, 338, 339
WHITE_IS_ZERO, BLACK_IS_ZERO, RGB, PALETTE, YCBCR, CIE_LAB, ICC_LAB = 0, 1, 2, 3, 6, 8, 9
GREY, LAB = frozenset({WHITE_IS_ZERO, BLACK_IS_ZERO}), frozenset({CIE_LAB, ICC_LAB})
UNCOMPRESSED, APART, UNSIGNED, SIGNED, ASSOCIATED, UNASSOCIATED = 1, 2, 1, 2, 1, 2
TO_16_BITS: Final = 257  # 255 becomes 65,535
# Pillow's libtiff is built without WebP.
COMPRESSIONS: Final = frozenset(TiffImagePlugin.COMPRESSION_INFO) - {50001}
# Pillow's errors for valid TIFFs whose samples it does not support.
UNSUPPORTED_ERRORS: Final = frozenset(
    {"unknown pixel mode", "unknown data organization", "Invalid value for samples per pixel"}
)
# libtiff returns samples in the machine's byte order, which Pillow forgets for these; Lambda is little-endian.
NATIVE: Final = {"F;32BF": "F;32F", "I;16BS": "I;16S", "I;32BS": "I;32S"}
BYTES_PER_STRIP: Final = 400  # Pillow's own entry for each, measured
COPIES_OF_TAGS: Final = 3  # Pillow's: in pieces, packed, and unpacked
CONVERTED_BYTES: Final = 12  # per pixel, to convert Lab, or premultiplied grey


class OpenedTiff(TiffImagePlugin.TiffImageFile):
    """One page, opened with the directory that we wrote for it; the attributes are as in the file."""

    def __init__(self, page: Directory) -> None:
        self.page = page
        self.photometric = page.number(PHOTOMETRIC, WHITE_IS_ZERO)
        self.bits = page.numbers(BITS) or (1,)
        self.is_premultiplied_grey = self.photometric in GREY and page.numbers(EXTRA_SAMPLES) == (ASSOCIATED,)
        super().__init__(cast("IO[bytes]", page.file.with_first(page, self._changes())))

    def _changes(self) -> dict[int, tuple[int, ...]]:
        """Other values for tags that Pillow reads wrongly, or not at all; `_mended` corrects the pixels."""
        changes: dict[int, tuple[int, ...]] = {ORIENTATION: (UPRIGHT,)}  # Pillow would turn it, even by XMP alone
        if self.photometric in LAB:
            changes |= {PHOTOMETRIC: (RGB,), SAMPLE_FORMAT: (UNSIGNED,) * len(self.bits)}
        elif self.is_premultiplied_grey:
            changes[EXTRA_SAMPLES] = (UNASSOCIATED,)
        elif self.photometric in GREY and max(self.bits) > 8:
            changes[PHOTOMETRIC] = (BLACK_IS_ZERO,)
            if self.bits == (32,) and self.page.number(SAMPLE_FORMAT, UNSIGNED) == UNSIGNED:
                changes[SAMPLE_FORMAT] = (SIGNED,)
        elif self.photometric == PALETTE and max(values := self.page.numbers(COLOR_MAP), default=256) < 256:
            changes[COLOR_MAP] = tuple(value * TO_16_BITS for value in values)  # some programs write 8 bits
        return changes


class TiffSource(SourceFormat[OpenedTiff]):
    """Reads TIFFs."""

    name: ClassVar[str] = "TIFF"
    access: ClassVar[Access] = Access.BACK_AND_FORTH
    seconds_per_pixel: ClassVar[float] = 40e-9

    def open(self, file: SourceFile) -> OpenedTiff:
        page = find_page(TiffFile(file.stream))
        method = page.number(COMPRESSION, UNCOMPRESSED)
        if method not in COMPRESSIONS:
            raise _unsupported(f"It uses compression {method}; save it with LZW.")
        # Pillow's own reader mixes up planes: it treats each as 8-bit samples. It does not know subsampling.
        apart = page.number(PLANES, 1) == APART and page.number(SAMPLES, 1) > 1
        TiffImagePlugin.READ_LIBTIFF = apart or page.number(PHOTOMETRIC, WHITE_IS_ZERO) == YCBCR
        try:
            image = OpenedTiff(page)
        except SyntaxError as problem:
            if str(problem) not in UNSUPPORTED_ERRORS:
                raise
            raise _unsupported(f"Its samples are unusual ({problem}); save it with 8 bits per channel.") from problem
        finally:
            TiffImagePlugin.READ_LIBTIFF = False
        if not all(isinstance(part.offset, int) for part in image.tile):
            raise Rejected(Reason.CORRUPT, "The TIFF's offsets of strips or tiles are not whole numbers.")
        if image.mode == "LA" and apart:
            raise _unsupported("Its grey and its transparency are in planes; save it without planes.")
        if image.use_load_libtiff:
            replace_raw_modes(image, NATIVE)
        if image.photometric in LAB:
            image.info.pop("icc_profile", None)  # the decoded colours are RGB
        return image

    def describe(self, image: OpenedTiff, file: SourceFile) -> Header:
        stored = image.page.number(ORIENTATION, UPRIGHT)
        orientation = stored if stored in range(1, 9) else UPRIGHT
        return replace(super().describe(image, file), orientation=orientation, buffered_bytes=_decoder_bytes(image))

    def frames(self, image: OpenedTiff) -> Iterator[Frame]:
        if _is_cut(image):
            raise truncated(self.name)
        image.load()
        yield Frame(_mended(image))


def _mended(image: OpenedTiff) -> Image.Image:
    if image.photometric in LAB:
        return _from_lab(image, signed=image.photometric == CIE_LAB)
    if image.is_premultiplied_grey:
        grey, alpha = image.split()
        return Image.merge("RGBa", (grey, grey, grey, alpha)).convert("RGBA")
    if image.photometric in GREY and image.mode[0] in "IF":
        surplus = 4 if image.bits == (12,) else 8
        grey = deep_grey(image, surplus=surplus, unsigned=image.page.number(SAMPLE_FORMAT, UNSIGNED) == UNSIGNED)
        return ImageChops.invert(grey) if image.photometric == WHITE_IS_ZERO else grey
    return image


def _from_lab(image: Image.Image, *, signed: bool) -> Image.Image:
    """Convert L*, a* and b*, decoded as red, green and blue, to RGB; CIE's are signed, ICC's have an offset of 128."""
    light, first, second, *alpha = image.split()
    if signed:
        first, second = (band.point([level ^ 128 for level in range(256)]) for band in (first, second))
    colour = Image.merge("LAB", (light, first, second)).convert("RGB")
    if alpha:
        colour.putalpha(alpha[0])
    return colour


def _is_cut(image: OpenedTiff) -> bool:
    """Whether pixels extend beyond the original file's end, where our directory begins."""
    page, end = image.page, image.page.file.size
    if image.use_load_libtiff:
        strips = zip(page.numbers(STRIPS), page.numbers(STRIP_SIZES), strict=False)
        tiles = zip(page.numbers(TILES), page.numbers(TILE_SIZES), strict=False)
        return any(start + size > end for start, size in chain(strips, tiles))
    bits = sum(image.bits[: page.number(SAMPLES, 1)])
    for part in image.tile:
        left, top, right, bottom = part.extents or (0, 0, 0, 0)
        row = -(-(right - left) * bits // 8)
        stride = part.args[1] if isinstance(part.args, tuple) and part.args[1] else row
        if part.offset + (bottom - top - 1) * stride + row > end:
            return True
    return False


def _decoder_bytes(image: OpenedTiff) -> int:
    """The tags and strips, one strip or tile of pixels, and the file if libtiff reads it."""
    page = image.page
    kept = COPIES_OF_TAGS * sum(field.size for field in page.fields.values()) + BYTES_PER_STRIP * len(image.tile)
    if image.photometric in LAB or image.is_premultiplied_grey:
        kept += image.width * image.height * CONVERTED_BYTES
    if not image.use_load_libtiff:
        starts = sorted(part.offset for part in image.tile)
        return kept + max((later - start for start, later in pairwise(starts)), default=0)
    bits = image.bits[0] if page.number(PLANES, 1) == APART else sum(image.bits)
    if image.photometric == YCBCR:
        bits = max(bits, 32)  # Pillow reads it as RGBA
    strip = image.width * min(page.number(ROWS_PER_STRIP, image.height), image.height)
    tile = prod(page.number(side, 0) for side in (TILE_WIDTH, TILE_LENGTH))
    return kept + page.file.size + (tile or strip) * bits // 8


def _unsupported(detail: str) -> Rejected:
    return Rejected(Reason.UNSUPPORTED_FORMAT, f"This kind of TIFF is not supported. {detail}")
