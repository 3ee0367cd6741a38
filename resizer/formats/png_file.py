"""An opened PNG: damaged chunks are left out if the pixels do not need them, and Pillow reads the others."""

import struct
from collections.abc import Callable, Iterable
from functools import cache
from typing import IO, Final

from PIL import Image, ImageChops

from resizer.errors import Reason, Rejected
from resizer.formats.base import truncated
from resizer.formats.pillow_private import MAX_TEXT, PlainPng
from resizer.formats.png_chunks import Chunks, LeftOut, chunk, inflated
from resizer.model import MAX_EXIF_BYTES, CodePoints

SIZE_BYTES: Final = 13
ONE_PIXEL: Final = chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0))
PALETTE: Final = 768
TRANSPARENCY: Final = {"P": 1, "1": 2, "L": 2, "RGB": 6}  # bytes of a tRNS that are needed, by Pillow's mode
LENGTHS: Final = {b"gAMA": 4, b"cHRM": 32, b"sRGB": 1, b"cICP": 4, b"pHYs": 9, b"acTL": 8}
TEXTS: Final = frozenset({b"tEXt", b"zTXt", b"iTXt"})
USED: Final = TEXTS | LENGTHS.keys() | {b"fcTL", b"tRNS", b"iCCP", b"eXIf"}
MAX_READ: Final = 524_288  # bytes of a text; nobody reads more of XMP
XMP: Final = "XML:com.adobe.xmp"
KEYWORDS: Final = ("Author", "Copyright")  # of texts with artist and copyright (11.3.3.2)


class OpenedPng(PlainPng):
    """An opened PNG, whose `chunks` are at its pixels. Opening it raises `Rejected`, or Pillow's errors.

    `announced` is the number of frames (0: no animation), `plays` how often they play (0: for ever), `control` the body
    of the fcTL that makes the picture the first frame (empty: it is only for viewers without animation).
    """

    def __init__(self, stream: IO[bytes], warn: Callable[[str], None]) -> None:
        self.chunks, self.warn = Chunks(stream), cache(warn)  # there may be thousands of damaged chunks
        self.code_points: CodePoints | None = None
        self.announced = self.plays = 0
        self.control = self.deep_colour = self._palette = self._transparent = b""
        self._seen = set[bytes]()
        kind = self.chunks.advance()
        if kind == b"CgBI":
            detail = "The PNG is in Apple's own format for apps (CgBI), which no browser shows; upload a plain PNG."
            raise Rejected(Reason.UNSUPPORTED_FORMAT, detail)
        if kind not in {b"IHDR", b""}:
            raise Rejected(Reason.CORRUPT, "The PNG does not begin with its size (IHDR).")
        self._header = self.chunks.body(SIZE_BYTES)
        super().__init__(chunk(b"IHDR", self._header))
        if self._header[10] or self._header[12] > 1:  # Pillow looks at all but compression and interlacing
            raise Rejected(Reason.CORRUPT, "The PNG's header is invalid.")
        while self.chunks.advance() != b"IDAT":
            self._read_chunk()
        if self.mode == "P" and len(self._palette) < PALETTE:
            raise Rejected(Reason.CORRUPT, "The PNG has no palette for its colours.")

    @property
    def has_frames(self) -> bool:
        """Whether frames are shown instead of the picture: several, or one that is not the picture itself."""
        return self.announced > 1 or (self.announced == 1 and not self.control)

    def _read_chunk(self) -> None:
        """Read a chunk before the pixels."""
        kind = self.chunks.kind
        if kind == b"PLTE" and not self._palette:
            colours = self.chunks.body(PALETTE)
            colours = colours[: len(colours) // 3 * 3]
            # As in Chromium, colours beyond its end are the same as its last one.
            self._palette = chunk(b"PLTE", colours + colours[-3:] * ((PALETTE - len(colours)) // 3))
        elif self.chunks.is_needed:
            raise Rejected(Reason.CORRUPT, f"The PNG has {kind.decode('ascii', 'replace')} where its pixels should be.")
        elif kind:
            self.read_optional()
        else:
            raise truncated("PNG")

    def read_optional(self) -> None:
        """Use this chunk if we need it. A damaged one is ignored with a warning."""
        kind = self.chunks.kind
        if kind not in USED:
            self.chunks.is_right()
            return
        try:
            body = self.chunks.body(MAX_EXIF_BYTES if kind == b"eXIf" else MAX_TEXT)
            if len(body) != LENGTHS.get(kind, len(body)):
                raise LeftOut(f"it is {len(body)} bytes long instead of {LENGTHS[kind]}")
            if kind == b"tRNS":
                self._use_transparency(body)
            elif kind == b"cICP":
                if not body[3]:
                    raise LeftOut("it is for samples of narrow range")
                self.code_points = CodePoints(*body[:3])
            elif kind == b"acTL":
                self.announced, self.plays = struct.unpack(">II", body)
            elif kind == b"fcTL":
                self.control += body if self.announced else b""  # two are too long
            else:
                self._let_pillow_use(kind, body)
        except LeftOut as problem:
            self.warn(f"The PNG's {kind.decode()} is ignored: {problem}.")

    def _use_transparency(self, body: bytes) -> None:
        """Scale a transparent colour to 8 bits, as Pillow decodes it.

        As in Chromium, the lower byte of each value counts, and a value that no sample can have is ignored.
        """
        needed, depth = TRANSPARENCY.get(self.mode, 0), self._header[8]
        values, highest = body[1:needed:2], (1 << depth) - 1
        if len(body) < needed or (self.mode == "P" and not self._palette):
            raise LeftOut("it is too short, or comes before the palette")
        if not needed or max(values, default=0) > highest:
            return
        self.info["transparency"] = body
        if depth > 8:
            self.deep_colour = body[:needed]
        elif self.mode == "P":
            self._transparent = chunk(b"tRNS", body[:256])
        else:
            scaled = [value * 255 // highest for value in values]
            self._transparent = chunk(b"tRNS", struct.pack(f">{len(scaled)}H", *scaled))

    def _let_pillow_use(self, kind: bytes, body: bytes) -> None:
        """Let Pillow read a chunk in a PNG of its own. The first of a kind counts, and of texts the first of a name."""
        name = body.partition(b"\0")[0] if kind in TEXTS else kind
        if name in self._seen or (kind in TEXTS and name.decode("latin-1") not in {XMP, *KEYWORDS}):
            return
        self._seen.add(name)
        try:
            found = PlainPng(ONE_PIXEL, chunk(kind, body[:MAX_READ] if kind in TEXTS else body)).info
        except (SyntaxError, ValueError, OSError):
            found = {}
        if not found or not {None, ""}.isdisjoint(found.values()):
            raise LeftOut("it is damaged, empty or too long")
        found.pop(XMP, None)  # the same as `xmp`, as text
        self.info |= found

    def decoded(self, size: tuple[int, int], compressed: Iterable[bytes]) -> Image.Image:
        """Decode a picture; one with a transparent colour of 16-bit samples twice, once for each of their bytes."""
        header = chunk(b"IHDR", struct.pack(">II", *size) + self._header[8:])
        head = header, self._palette, self._transparent
        if not self.deep_colour:
            image = PlainPng(*head, compressed=inflated(compressed))
            image.load()
            return image
        pieces, differs = list(compressed), Image.new("L", size)
        for lower in (True, False):
            image = PlainPng(*head, compressed=inflated(pieces), lower=lower)
            for band, value in zip(image.split(), self.deep_colour[lower::2], strict=True):
                differing = band.point([255 * (sample != value) for sample in range(256)])
                differs = ImageChops.lighter(differs, differing)
        picture = image.convert("RGBA")
        picture.putalpha(differs)
        return picture
