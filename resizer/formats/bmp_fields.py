"""Bit fields: the colours in a BMP's pixels of 16, 24 or 32 bits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from PIL import Image, ImageChops

if TYPE_CHECKING:
    from collections.abc import Sequence

# Masks of red, green and blue for files without masks.
USUAL: Final = {16: (0x7C00, 0x3E0, 0x1F), 24: (0xFF0000, 0xFF00, 0xFF), 32: (0xFF0000, 0xFF00, 0xFF)}
# Masks that Pillow supports, with its mode and raw mode.
DIRECT: Final[dict[tuple[int, tuple[int, ...]], tuple[str, str]]] = {
    (16, (0x7C00, 0x3E0, 0x1F, 0)): ("RGB", "BGR;15"),
    (16, (0xF800, 0x7E0, 0x1F, 0)): ("RGB", "BGR;16"),
    (24, (0xFF0000, 0xFF00, 0xFF, 0)): ("RGB", "BGR"),
    (32, (0xFF0000, 0xFF00, 0xFF, 0)): ("RGB", "BGRX"),
    (32, (0xFF0000, 0xFF00, 0xFF, 0xFF000000)): ("RGBA", "BGRA"),
}
# Modes for a pixel's plain bytes, by its bits; we compute the colours of all other masks from these.
BYTES: Final = {16: ("LA", "LA"), 24: ("RGB", "RGB"), 32: ("RGBA", "RGBA")}


@dataclass(frozen=True, slots=True)
class BitFields:
    """The `masks` of red, green, blue and alpha (0: none) in pixels of `bits` bits."""

    bits: int
    masks: tuple[int, ...]

    @property
    def has_alpha(self) -> bool:
        """Whether pixels have bits for transparency."""
        return bool(self.masks[3])

    @property
    def are_whole(self) -> bool:
        """Whether no mask has holes."""
        return all(_is_contiguous(mask) for mask in self.masks if mask)

    @property
    def are_usual(self) -> bool:
        """Whether Pillow supports them."""
        return (self.bits, self.masks) in DIRECT

    @property
    def layout(self) -> tuple[str, str]:
        """The mode and the raw mode to decode in."""
        return DIRECT.get((self.bits, self.masks)) or BYTES[self.bits]

    def colours(self, image: Image.Image) -> Image.Image:
        """Decoded pixels as RGB or RGBA, computed from their bytes if Pillow does not support the masks."""
        if self.are_usual:
            return image
        parts = image.split()
        bands = [_channel(parts, mask) for mask in self.masks[: 3 + self.has_alpha]]
        return Image.merge("RGBA" if self.has_alpha else "RGB", bands)


def _is_contiguous(mask: int) -> bool:
    ones = mask // (mask & -mask)
    return not ones & (ones + 1)


def _channel(parts: Sequence[Image.Image], mask: int) -> Image.Image:
    """One colour channel from the pixel's bytes, lowest first; each byte adds its share."""
    shares = []
    lowest = mask & -mask
    for number, part in enumerate(parts):
        if here := mask >> 8 * number & 0xFF:
            most = mask // lowest
            shares.append(
                part.point([round((((byte & here) << 8 * number) // lowest) * 255 / most) for byte in range(256)])
            )
    if not shares:
        return Image.new("L", parts[0].size)
    total = shares[0]
    for share in shares[1:]:
        total = ImageChops.add(total, share)
    return total
