"""Reads a PNG: chunks that are damaged, and that the pixels do not need, are left out; Pillow gets the others."""

from __future__ import annotations

import struct
from functools import cache
from typing import IO, TYPE_CHECKING, Any, Final

from PIL import Image, ImageChops

from resizer.errors import Reason, Rejected
from resizer.formats.pillow_private import MAX_TEXT, PlainPng, read_as
from resizer.formats.png_chunks import Chunks, LeftOut, chunk, inflated
from resizer.model import CodePoints

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

ONE_PIXEL: Final = struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)
PALETTE: Final = 768
DEEP: Final = 16
# Pillow's mode, and its raw modes for the upper and the lower 8 of 16 bits. Like browsers, we use the upper ones.
DEEP_MODES: Final = {"I;16": ("L", "L;16B", "L;16"), "RGB": ("RGB", "RGB;16B", "RGB;16L")}
TRANSPARENCY: Final = {"P": 1, "1": 2, "L": 2, "I;16": 2, "RGB": 6}  # bytes of a tRNS that are needed, by Pillow's mode
LENGTHS: Final = {b"gAMA": 4, b"cHRM": 32, b"sRGB": 1, b"cICP": 4, b"pHYs": 9, b"acTL": 8}
TEXTS: Final = frozenset({b"tEXt", b"zTXt", b"iTXt"})
USED: Final = TEXTS | LENGTHS.keys() | {b"fcTL", b"tRNS", b"iCCP", b"eXIf"}
XMP: Final = "XML:com.adobe.xmp"
KEYWORDS: Final = ("Author", "Copyright")  # of texts with artist and copyright (11.3.3.2)


class PngReader:
    """The chunks of a PNG up to its pixels, where `chunks` is. Reading them raises `Rejected`, or Pillow's errors.

    `info` is Pillow's, `deep_colour` the transparent colour of 16-bit samples. `announced` is the number of frames
    (0: no animation), `plays` how often they play (0: for ever), `control` the body of the fcTL that makes the picture
    the first frame (empty: it is only for viewers without animation).
    """

    def __init__(self, stream: IO[bytes], warn: Callable[[str], None]) -> None:
        self.chunks, self.warn = Chunks(stream), cache(warn)  # there may be thousands of damaged chunks
        self.info: dict[Any, Any] = {}
        self.code_points: CodePoints | None = None
        self.announced = self.plays = 0
        self.control = self.deep_colour = self._palette = self._transparent = b""
        self._seen = set[bytes]()
        kind = self.chunks.advance()
        if kind == b"CgBI":
            detail = "The PNG is in Apple's own format for apps (CgBI), which no browser shows; upload a plain PNG."
            raise Rejected(Reason.UNSUPPORTED_FORMAT, detail)
        if kind and (kind != b"IHDR" or self.chunks.left != len(ONE_PIXEL)):
            raise Rejected(Reason.CORRUPT, "The PNG does not begin with its size (IHDR).")
        self._header = self.chunks.needed(len(ONE_PIXEL))
        image = PlainPng(chunk(b"IHDR", self._header))
        self.size, self.depth, self.mode = image.size, self._header[8], image.mode
        self._read_to_pixels()

    @property
    def is_animated(self) -> bool:
        """Whether frames are shown instead of the picture: several, or one that is not the picture itself."""
        return self.announced > 1 or (self.announced == 1 and not self.control)

    def _read_to_pixels(self) -> None:
        while self.chunks.advance() != b"IDAT":
            if self.chunks.kind == b"PLTE":
                colours = self.chunks.needed(PALETTE)
                colours = colours[: len(colours) // 3 * 3]
                # As in Chromium, colours beyond its end are the same as its last one.
                self._palette = chunk(b"PLTE", colours + colours[-3:] * ((PALETTE - len(colours)) // 3))
            elif not self.chunks.kind:
                raise Rejected(Reason.TRUNCATED, "The PNG ends before its pixels; upload the whole file.")
            elif self.chunks.is_needed:
                name = self.chunks.kind.decode("ascii", "replace")
                raise Rejected(Reason.CORRUPT, f"The PNG has {name} where its pixels should be.")
            else:
                self.read_optional()
        if self.mode == "P" and len(self._palette) < PALETTE:
            raise Rejected(Reason.CORRUPT, "The PNG has no palette for its colours.")

    def read_optional(self) -> None:
        """Use this chunk, if it is of any use. It is left out with a warning if it is damaged."""
        kind = self.chunks.kind
        if kind not in USED:
            self.chunks.is_right()
            return
        try:
            body = self.chunks.body(MAX_TEXT)
            if len(body) != LENGTHS.get(kind, len(body)):
                raise LeftOut(f"it is {len(body)} bytes long instead of {LENGTHS[kind]}")
            self._use(kind, body)
        except LeftOut as problem:
            self.warn(f"The PNG's {kind.decode()} is ignored: {problem}.")

    def _use(self, kind: bytes, body: bytes) -> None:
        match kind:
            case b"tRNS":
                self._use_transparency(body)
            case b"cICP":
                primaries, transfer, matrix, full_range = body
                self.code_points = CodePoints(primaries, transfer, matrix, narrow=full_range == 0)
            case b"acTL":
                self.announced, self.plays = struct.unpack(">II", body)
            case b"fcTL":
                self.control = body if self.announced else b""
            case _:
                self._let_pillow_use(kind, body)

    def _use_transparency(self, body: bytes) -> None:
        """Scale a transparent colour to 8 bits, as Pillow decodes it.

        As in Chromium, the lower byte of each value counts, and a value that no sample can have is ignored.
        """
        needed, highest = TRANSPARENCY.get(self.mode, 0), (1 << self.depth) - 1
        if len(body) < needed or (self.mode == "P" and not self._palette):
            raise LeftOut("it is too short, or comes before the palette")
        if self.mode == "P":
            self._transparent = chunk(b"tRNS", body[:256])
        elif self.depth == DEEP:
            self.deep_colour = body[:needed]
        elif needed and max(body[1:needed:2]) <= highest:
            values = [value * 255 // highest for value in body[1:needed:2]]
            self._transparent = chunk(b"tRNS", struct.pack(f">{len(values)}H", *values))

    def _let_pillow_use(self, kind: bytes, body: bytes) -> None:
        """Let Pillow read a chunk in a PNG of its own. The first of a kind counts, and of texts the first of a name."""
        name = body.partition(b"\0")[0] if kind in TEXTS else kind
        if name in self._seen or (kind in TEXTS and name.decode("latin-1") not in {XMP, *KEYWORDS}):
            return
        self._seen.add(name)
        try:
            found = PlainPng(chunk(b"IHDR", ONE_PIXEL) + chunk(kind, body)).info
        except (SyntaxError, ValueError, OSError):
            found = {}
        if not found or not {None, ""}.isdisjoint(found.values()):
            raise LeftOut("it is damaged, empty or too long")
        found.pop(XMP, None)  # the same as `xmp`, as text
        self.info |= found

    def head(self, size: tuple[int, int]) -> bytes:
        """The chunks before the pixels of a picture of this size."""
        header = chunk(b"IHDR", struct.pack(">II", *size) + self._header[8:])
        return header + self._palette + self._transparent

    def decoded(self, size: tuple[int, int], compressed: Iterable[bytes]) -> Image.Image:
        """Decode a picture; one with a transparent colour of 16-bit samples twice, once for each of their bytes."""
        if not self.deep_colour:
            image = PngImage(self, size, compressed)
            image.load()
            return image
        pieces, differs = list(compressed), Image.new("L", size)
        for lower in (True, False):
            image = PngImage(self, size, pieces, lower=lower)
            for band, value in zip(image.split(), self.deep_colour[lower::2], strict=True):
                differing = band.point([255 * (sample != value) for sample in range(256)])
                differs = ImageChops.lighter(differs, differing)
        picture = image.convert("RGBA")
        picture.putalpha(differs)
        return picture


class PngImage(PlainPng):
    """One picture of a PNG, decoded by `load`; `lower` decodes the lower 8 of 16 bits."""

    def __init__(
        self, reader: PngReader, size: tuple[int, int], compressed: Iterable[bytes] = (), *, lower: bool = False
    ) -> None:
        self.reader = reader
        super().__init__(reader.head(size), inflated(compressed))
        if reader.depth == DEEP and reader.mode in DEEP_MODES:
            mode, *raw_modes = DEEP_MODES[reader.mode]
            read_as(self, mode, raw_modes[lower])
