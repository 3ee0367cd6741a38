"""Describes a TIFF's samples in a way that Pillow can read, and corrects the decoded pixels afterwards."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from PIL import Image, ImageChops

from resizer.formats.bit_depth import deep_grey

if TYPE_CHECKING:
    from collections.abc import Callable

    from resizer.formats.tiff_directory import Directory, TiffReader

# TIFF 6.0, sections 8, 18, 19, 20, 22 and 23.
BITS, COMPRESSION, PHOTOMETRIC, SAMPLES, PLANES = 258, 259, 262, 277, 284
COLOR_MAP, EXTRA_SAMPLES, SAMPLE_FORMAT = 320, 338, 339
WHITE_IS_ZERO, BLACK_IS_ZERO, RGB, PALETTE, CIE_LAB, ICC_LAB = 0, 1, 2, 3, 8, 9
UNCOMPRESSED, APART, UNSIGNED, SIGNED = 1, 2, 1, 2
TO_16_BITS: Final = 257  # 255 becomes 65,535
SIGN: Final = [level ^ 128 for level in range(256)]


@dataclass(frozen=True, slots=True)
class Samples:
    """How samples are stored: their `bits`, their `count` per pixel, and TIFF's numbers for the rest."""

    bits: tuple[int, ...]
    count: int
    compression: int
    photometric: int
    planes: int
    format: int
    extra: tuple[int, ...]
    little_endian: bool

    @classmethod
    def of(cls, reader: TiffReader, directory: Directory) -> Samples:
        """Read them from a directory; missing tags have TIFF's defaults."""
        count = reader.number(directory, SAMPLES, 1)
        return cls(
            bits=reader.numbers(directory, BITS) or (1,) * max(1, min(count, 8)),
            count=count,
            compression=reader.number(directory, COMPRESSION, UNCOMPRESSED),
            photometric=reader.number(directory, PHOTOMETRIC, WHITE_IS_ZERO),
            planes=reader.number(directory, PLANES, 1),
            format=reader.number(directory, SAMPLE_FORMAT, UNSIGNED),
            extra=reader.numbers(directory, EXTRA_SAMPLES),
            little_endian=reader.order == "<",
        )

    @property
    def is_lab(self) -> bool:
        """Whether the colours are CIE L*a*b*."""
        return self.photometric in {CIE_LAB, ICC_LAB}

    @property
    def is_deep_grey(self) -> bool:
        """Whether the picture is grey with more than 8 bits."""
        return self.photometric in {WHITE_IS_ZERO, BLACK_IS_ZERO} and max(self.bits) > 8

    @property
    def needs_libtiff(self) -> bool:
        """Whether Pillow's own reader would mix up the planes: it treats each as 8-bit samples."""
        return self.planes == APART and self.count > 1

    @property
    def bytes_to_mend(self) -> int:
        """Bytes per pixel that `mended` needs in addition to the pixels."""
        return 12 if self.is_lab else 0

    def readable(self) -> Samples:
        """The nearest description that Pillow supports; `mended` corrects the difference."""
        if self.is_lab:
            return replace(self, photometric=RGB)
        if self.is_deep_grey:
            unknown = self.bits == (32,) and self.format == UNSIGNED and not self.little_endian
            return replace(self, photometric=BLACK_IS_ZERO, format=SIGNED if unknown else self.format)
        return self

    def mended(self, image: Image.Image) -> Image.Image:
        """Correct the decoded pixels."""
        if self.is_lab:
            return _from_lab(image, signed=self.photometric == CIE_LAB)
        if self.is_deep_grey and image.mode[0] in "IF":
            surplus = 4 if self.bits == (12,) else 8
            grey = deep_grey(image, surplus=surplus, unsigned=self.format == UNSIGNED)
            return ImageChops.invert(grey) if self.photometric == WHITE_IS_ZERO else grey
        return image


def _from_lab(image: Image.Image, *, signed: bool) -> Image.Image:
    """Convert L*, a* and b*, decoded as red, green and blue, to RGB; CIE's are signed, ICC's have an offset of 128."""
    light, first, second, *alpha = image.split()
    convert: Callable[[Image.Image], Image.Image] = (lambda band: band.point(SIGN)) if signed else (lambda band: band)
    colour = Image.merge("LAB", (light, convert(first), convert(second))).convert("RGB")
    if alpha:
        colour.putalpha(alpha[0])
    return colour


def whole_palette(values: tuple[int, ...]) -> tuple[int, ...] | None:
    """A 16-bit colour map made from one with 8-bit values, which some programs write; None if it has 16 already."""
    return None if max(values, default=256) > 255 else tuple(value * TO_16_BITS for value in values)
