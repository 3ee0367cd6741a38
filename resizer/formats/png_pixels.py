"""Decodes a PNG's rows, for all sample depths and transparent colours."""

from __future__ import annotations

from dataclasses import replace
from itertools import starmap
from typing import TYPE_CHECKING, Final

from PIL import Image, ImageChops

from resizer.errors import Reason, Rejected
from resizer.formats.pillow_private import Part, Shape
from resizer.formats.png_header import GRAY, GRAY_ALPHA, INDEXED, RGB, RGB_ALPHA
from resizer.formats.png_inflate import stored

if TYPE_CHECKING:
    from collections.abc import Callable

    from resizer.formats.png_chunks import Chunks
    from resizer.formats.png_header import PngHeader

DEEP: Final = 16
# Pillow's mode and raw mode by colour type and bits. Like browsers, we use the upper 8 of 16 bits.
MODES: Final = {
    (GRAY, 1): ("1", "1"), (GRAY, 2): ("L", "L;2"), (GRAY, 4): ("L", "L;4"), (GRAY, 8): ("L", "L"),
    (GRAY, DEEP): ("L", "L;16B"), (RGB, 8): ("RGB", "RGB"), (RGB, DEEP): ("RGB", "RGB;16B"),
    (INDEXED, 1): ("P", "P;1"), (INDEXED, 2): ("P", "P;2"), (INDEXED, 4): ("P", "P;4"), (INDEXED, 8): ("P", "P"),
    (GRAY_ALPHA, 8): ("LA", "LA"), (GRAY_ALPHA, DEEP): ("RGBA", "LA;16B"),
    (RGB_ALPHA, 8): ("RGBA", "RGBA"), (RGB_ALPHA, DEEP): ("RGBA", "RGBA;16B"),
}  # fmt: skip
LOWER_BYTES: Final[dict[object, str]] = {"L;16B": "L;16", "RGB;16B": "RGB;16L"}


class Data:
    """The compressed rows of one picture, in the current chunk and those of the same kind directly after it.

    `begin` reads the bytes before the rows in each chunk: an fdAT's number. Checksums are checked.
    """

    def __init__(self, chunks: Chunks, begin: Callable[[], None] = lambda: None) -> None:
        self._chunks, self._kind, self._begin = chunks, chunks.kind, begin
        begin()

    def read(self) -> bytes:
        """The next bytes; empty at the end. Raises `Rejected` `corrupt` for a wrong checksum."""
        while self._chunks.kind == self._kind:
            if data := self._chunks.read():
                return data
            self._next()
        return b""

    def finish(self, most: float = float("inf")) -> None:
        """Go to the chunk after the last one, unless a chunk has more than `most` bytes left."""
        while self._chunks.kind == self._kind and self._chunks.left <= most:
            self._next()

    def _next(self) -> None:
        if not self._chunks.is_right():
            detail = f"The PNG's pixels are damaged: a checksum of its {self._chunks.name} is wrong."
            raise Rejected(Reason.CORRUPT, detail)
        if self._chunks.advance() == self._kind:
            self._begin()


class PngPixels(Part):
    """A picture from a PNG's rows, decoded by `load`. `info` has the transparent colour."""

    def __init__(self, header: PngHeader, size: tuple[int, int], read: Callable[[], bytes]) -> None:
        self.header, self._compressed = header, list[bytes]()
        mode, raw = MODES[header.colour, header.depth]
        palette = header.palette if mode == "P" else None  # other pictures may have one for old screens
        shape = Shape("PNG", size, mode, "zip", (raw, header.interlaced), palette)
        super().__init__(stored(_recorded(read, self._compressed) if self.is_deep_colour_transparent else read), shape)
        self.info = dict(header.info)
        if (transparent := transparency(header)) is not None:
            self.info["transparency"] = transparent

    @property
    def is_deep_colour_transparent(self) -> bool:
        """Whether a colour of 16-bit samples is transparent: then rows are decoded twice, once for each byte."""
        return self.header.depth == DEEP and self.header.transparent is not None

    def composed(self) -> Image.Image:
        """The loaded picture; RGBA if a colour of 16-bit samples is transparent."""
        self.load()
        if not self.is_deep_colour_transparent or self.header.transparent is None:
            return self
        compressed = iter(self._compressed)
        raw, interlaced = self.shape.arguments
        shape = replace(self.shape, arguments=(LOWER_BYTES[raw], interlaced))
        lower = Part(stored(lambda: next(compressed, b"")), shape)
        lower.load()
        samples = zip(self.split(), lower.split(), strict=True)
        values = zip(self.header.transparent[::2], self.header.transparent[1::2], strict=True)
        differs = Image.new("L", self.size)
        for bands, bytes_ in zip(samples, values, strict=True):
            for differing in starmap(_other_than, zip(bands, bytes_, strict=True)):
                differs = ImageChops.lighter(differs, differing)
        picture = self.convert("RGBA")
        picture.putalpha(differs)
        return picture


def _recorded(read: Callable[[], bytes], pieces: list[bytes]) -> Callable[[], bytes]:
    def recorded() -> bytes:
        pieces.append(read())
        return pieces[-1]

    return recorded


def _other_than(band: Image.Image, value: int) -> Image.Image:
    return band.point([255 * (sample != value) for sample in range(256)])


def transparency(header: PngHeader) -> int | bytes | tuple[int, ...] | None:
    """The value of Pillow's `transparency`, scaled to the decoded depth; None if nothing is transparent.

    As in Chromium, the lower byte of each value counts, and a value that no sample can have is ignored.
    """
    body, depth = header.transparent, header.depth
    if body is None or depth == DEEP:
        return None
    if header.colour == INDEXED:
        return body
    if header.colour == RGB:
        return tuple(body[1::2])
    highest = (1 << depth) - 1
    return body[1] * 255 // highest if body[1] <= highest else None
