"""A PNG's rows, decoded: its sample depths, and the colours that it makes transparent."""

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
# Pillow's mode, and how its decoder reads samples of these many bits: of 16 it takes the upper 8, as browsers do.
MODES: Final = {
    (GRAY, 1): ("1", "1"), (GRAY, 2): ("L", "L;2"), (GRAY, 4): ("L", "L;4"), (GRAY, 8): ("L", "L"),
    (GRAY, DEEP): ("L", "L;16B"), (RGB, 8): ("RGB", "RGB"), (RGB, DEEP): ("RGB", "RGB;16B"),
    (INDEXED, 1): ("P", "P;1"), (INDEXED, 2): ("P", "P;2"), (INDEXED, 4): ("P", "P;4"), (INDEXED, 8): ("P", "P"),
    (GRAY_ALPHA, 8): ("LA", "LA"), (GRAY_ALPHA, DEEP): ("RGBA", "LA;16B"),
    (RGB_ALPHA, 8): ("RGBA", "RGBA"), (RGB_ALPHA, DEEP): ("RGBA", "RGBA;16B"),
}  # fmt: skip
LOWER_BYTES: Final[dict[object, str]] = {"L;16B": "L;16", "RGB;16B": "RGB;16L"}


class Data:
    """The deflated rows of one picture, from the chunk at hand to the last one that follows it directly.

    `begin` reads what comes before the rows in each chunk: an fdAT's number. Chunks are held to their checksums.
    """

    def __init__(self, chunks: Chunks, begin: Callable[[], None] = lambda: None) -> None:
        self._chunks, self._kind, self._begin = chunks, chunks.kind, begin
        begin()

    def read(self) -> bytes:
        """The next bytes; none at the end. Raises `Rejected`: `corrupt` for a wrong checksum."""
        while self._chunks.kind == self._kind:
            if data := self._chunks.read():
                return data
            self._next()
        return b""

    def finish(self, most: float = float("inf")) -> None:
        """Go to the chunk behind the last one, where not more than `most` bytes of this one are left."""
        while self._chunks.kind == self._kind and self._chunks.left <= most:
            self._next()

    def _next(self) -> None:
        if not self._chunks.is_right():
            detail = f"The PNG's pixels are damaged: a checksum of its {self._chunks.name} is wrong."
            raise Rejected(Reason.CORRUPT, detail)
        if self._chunks.advance() == self._kind:
            self._begin()


class PngPixels(Part):
    """The picture that a PNG's rows make; not decoded before it is loaded. `info` says which colour is transparent."""

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
        """Whether one colour of 16 bits a sample is transparent: then rows are decoded twice, for both their bytes."""
        return self.header.depth == DEEP and self.header.transparent is not None

    def composed(self) -> Image.Image:
        """The picture, loaded; RGBA where a colour of 16 bits a sample is transparent."""
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
    """What Pillow calls a picture's `transparency`: in the depth that its samples are decoded to.

    The lower byte of each value counts, and one that no sample can have makes nothing transparent (Chromium).
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
