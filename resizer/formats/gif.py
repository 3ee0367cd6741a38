"""Reads GIFs frame by frame, as browsers show them, and writes them.

We walk the blocks and compose the frames; Pillow only decodes pixels. Pillow would let later frames enlarge the
picture, paint areas that no frame covers, and ignore a loop block after the first frame.
"""

from __future__ import annotations

import io
from functools import partial
from typing import IO, TYPE_CHECKING, Any, ClassVar, Final, cast

from resizer.errors import Reason, Rejected
from resizer.formats.base import Access, RenditionFormat, SaveOptions, SourceFile, SourceFormat
from resizer.formats.canvas import Canvas, Disposal
from resizer.formats.gif_blocks import GifBlocks, GifFrame, read_blocks
from resizer.formats.pillow_private import Part, Shape
from resizer.model import Format, Frame, Header

if TYPE_CHECKING:
    from collections.abc import Iterator

    from PIL import Image
    from PIL.ImageFile import ImageFile

PIECE: Final = 65_536  # bytes read at once
PALETTE: Final = 768
MAX_CODE_SIZE: Final = 8  # bits of a pixel
MAX_DURATION: Final = 655_350  # milliseconds; 16 bits of hundredths of a second
MAX_AGAIN: Final = 65_535
OPAQUE_FROM: Final = 128  # GIF knows only transparent and opaque


class GifImage(Part):
    """An opened GIF. `load` decodes its first frame, which may cover only a part of the picture."""

    def __init__(self, stream: IO[bytes], blocks: GifBlocks) -> None:
        self.stream, self.blocks, self.first = stream, blocks, blocks.frames[0]
        shape = self.shape_of(self.first, self.blocks.size)
        super().__init__(partial(_pieces(stream, self.first).__next__), shape)
        if self.is_covered and self.first.control.transparent is not None:
            self.info["transparency"] = self.first.control.transparent

    @property
    def is_covered(self) -> bool:
        """Whether the first frame covers the whole picture."""
        return self.first.place == (0, 0) and self.first.size == self.blocks.size

    @property
    def is_opaque(self) -> bool:
        """Whether no frame is transparent anywhere."""
        kept = all(frame.control.disposal is Disposal.KEEP for frame in self.blocks.frames)
        alone = len(self.blocks.frames) == 1
        return self.is_covered and self.first.control.transparent is None and (kept or alone)

    def shape_of(self, frame: GifFrame, size: tuple[int, int]) -> Shape:
        """A frame's properties for Pillow's decoder. Colours beyond the palette are black, as in Chromium."""
        palette = b""
        if place := frame.palette or self.blocks.palette:
            self.stream.seek(place[0])
            palette = self.stream.read(place[1])
        self.stream.seek(frame.begin)
        code_size = int.from_bytes(self.stream.read(1), "big")
        if code_size > MAX_CODE_SIZE:
            raise Rejected(
                Reason.CORRUPT, f"A frame of the GIF has {code_size}-bit pixels; GIF allows {MAX_CODE_SIZE}."
            )
        arguments = code_size, int(frame.interlaced), -1
        return Shape("GIF", size, "P", "gif", arguments, palette.ljust(PALETTE, b"\0"))

    def decoded(self, frame: GifFrame) -> Image.Image | None:
        """The pixels of a frame; None if it is invisible."""
        if not all(frame.size) or frame.place[0] >= self.width or frame.place[1] >= self.height:
            return None
        pixels = Part(partial(_pieces(self.stream, frame).__next__), self.shape_of(frame, frame.size))
        pixels.load()
        if frame.control.transparent is not None:
            pixels.info["transparency"] = frame.control.transparent
        return pixels


def _pieces(stream: IO[bytes], frame: GifFrame) -> Iterator[bytes]:
    """A frame's compressed pixels, then empty bytes for ever."""
    for at in range(frame.begin + 1, frame.end, PIECE):
        stream.seek(at)
        yield stream.read(min(PIECE, frame.end - at))
    while True:
        yield b""


class GifSource(SourceFormat):
    """Reads GIFs (GIF89a) as browsers show them."""

    name: ClassVar[str] = "GIF"
    access: ClassVar[Access] = Access.BACK_AND_FORTH
    threads: ClassVar[int] = 0
    file_copies: ClassVar[int] = 1

    def open(self, file: SourceFile) -> GifImage:
        """Walk the blocks to find the frames, without decoding pixels."""
        return GifImage(file.stream, read_blocks(file.stream, file.max_pixels))

    def describe(self, image: ImageFile, file: SourceFile) -> Header:
        """Make the header from the blocks."""
        del file
        image = cast("GifImage", image)
        width, height = image.size
        frames = image.blocks.frames
        composed = len(frames) > 1 or not image.is_covered
        largest = max(frame.size[0] * frame.size[1] for frame in frames)
        return Header(
            format=self.name,
            mode="RGBA" if composed else image.mode,
            width=width,
            height=height,
            frames=len(frames),
            has_transparency=not image.is_opaque,
            loop=image.blocks.plays,
            # The decoded frame, its RGBA copy, and the canvas below.
            buffered_bytes=largest + 4 * width * height if composed else 0,
            held_bytes=4 * width * height if composed else 0,
        )

    def frames(self, image: ImageFile, header: Header, wanted: tuple[int, int]) -> Iterator[Frame]:
        """Decode the picture, or compose the frames."""
        del wanted
        image = cast("GifImage", image)
        if header.frames == 1 and image.is_covered:
            image.load()
            yield Frame(image)
            return
        canvas = Canvas(image.size)
        for frame in image.blocks.frames:
            pixels = image.decoded(frame)
            drawn = canvas.draw(pixels, frame.place, frame.control.disposal, over=True)
            del pixels
            yield Frame(drawn, frame.control.duration)


class GifRendition(RenditionFormat):
    """Writes GIFs; half-transparent pixels become transparent or opaque."""

    format: ClassVar[Format] = Format.GIF
    extensions: ClassVar[tuple[str, ...]] = (".gif",)
    max_side: ClassVar[int] = 65_535

    def fit(self, image: Image.Image, *, opaque: bool) -> Image.Image:
        """Make each pixel opaque or transparent."""
        if opaque or image.mode != "RGBA":
            return super().fit(image, opaque=opaque)
        image = image.copy()
        image.putalpha(image.getchannel("A").point([255 * (alpha >= OPAQUE_FROM) for alpha in range(256)]))
        return image

    def save(self, pictures: Iterator[Image.Image], options: SaveOptions) -> bytes:
        """Encode the pictures; each transparent frame is cleared before the next."""
        how: dict[str, Any] = {}
        if options.animated:
            how = {
                "save_all": True,
                "duration": [min(duration, MAX_DURATION) for duration in options.durations],
                "disposal": 1 if options.opaque else 2,
                "optimize": False,
            }
            plays = 1 if options.plays is None else options.plays
            if plays != 1:  # a GIF without a loop block plays once; the block counts repetitions, 0 means for ever
                how["loop"] = min(max(plays - 1, 0), MAX_AGAIN)
        buffer = io.BytesIO()
        first = next(pictures)
        first.save(buffer, "GIF", **how, **({"append_images": pictures} if options.animated else {}))
        return buffer.getvalue()
