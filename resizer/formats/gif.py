"""GIF: how it is read, frame by frame as browsers show it, and how it is written.

The blocks are walked and the frames composed here. Pillow decodes the pixels of each frame; by itself it lets later
frames enlarge the picture, paints what no frame covers, and heeds only a loop block before the first frame.
"""

from __future__ import annotations

import io
from functools import partial
from typing import IO, TYPE_CHECKING, Any, ClassVar, Final, cast

from resizer.errors import Reason, Rejected
from resizer.formats.base import Access, EncoderMemory, RenditionFormat, SaveOptions, SourceFile, SourceFormat
from resizer.formats.canvas import Canvas, Disposal
from resizer.formats.gif_blocks import GifBlocks, GifFrame, read_blocks
from resizer.formats.pillow_private import Part, Shape
from resizer.model import Format, Frame, Header

if TYPE_CHECKING:
    from collections.abc import Iterator

    from PIL import Image
    from PIL.ImageFile import ImageFile

PIECE: Final = 65_536  # bytes that are read at once
PALETTE: Final = 768
MAX_CODE_SIZE: Final = 8  # bits of a pixel
MAX_DURATION: Final = 655_350  # milliseconds, in hundredths of 16 bits
MAX_AGAIN: Final = 65_535
OPAQUE_FROM: Final = 128  # GIF knows only transparent and opaque


class GifImage(Part):
    """An opened GIF. Loaded, it is its first frame, which is the whole picture where that frame covers it."""

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
        """Whether no frame leaves anything to see through."""
        kept = all(frame.control.disposal is Disposal.KEEP for frame in self.blocks.frames)
        alone = len(self.blocks.frames) == 1
        return self.is_covered and self.first.control.transparent is None and (kept or alone)

    def shape_of(self, frame: GifFrame, size: tuple[int, int]) -> Shape:
        """What Pillow's decoder has to know of a frame. Colours beyond the palette are black, as in Chromium."""
        palette = b""
        if place := frame.palette or self.blocks.palette:
            self.stream.seek(place[0])
            palette = self.stream.read(place[1])
        self.stream.seek(frame.begin)
        code_size = int.from_bytes(self.stream.read(1), "big")
        if code_size > MAX_CODE_SIZE:
            raise Rejected(Reason.CORRUPT, f"A frame of the GIF has pixels of {code_size} bits, which none may have.")
        arguments = code_size, int(frame.interlaced), -1
        return Shape("GIF", size, "P", "gif", arguments, palette.ljust(PALETTE, b"\0"))

    def decoded(self, frame: GifFrame) -> Image.Image | None:
        """The pixels of a frame; None where nothing of it is seen."""
        if not all(frame.size) or frame.place[0] >= self.width or frame.place[1] >= self.height:
            return None
        pixels = Part(partial(_pieces(self.stream, frame).__next__), self.shape_of(frame, frame.size))
        pixels.load()
        if frame.control.transparent is not None:
            pixels.info["transparency"] = frame.control.transparent
        return pixels


def _pieces(stream: IO[bytes], frame: GifFrame) -> Iterator[bytes]:
    """A frame's pixels as they are stored, and then nothing as often as it is asked for."""
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
        """Walk the blocks, which tells the number of frames; no pixel is decoded."""
        return GifImage(file.stream, read_blocks(file.stream, file.max_pixels))

    def describe(self, image: ImageFile, file: SourceFile) -> Header:
        """Complete the header by what the blocks say."""
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
            # The frame as it is decoded and in RGBA, and what is below it.
            buffered_bytes=largest + 4 * width * height if composed else 0,
            held_bytes=4 * width * height if composed else 0,
        )

    def frames(self, image: ImageFile, header: Header, wanted: tuple[int, int]) -> Iterator[Frame]:
        """Decode the picture, or compose each frame on what the one before leaves."""
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
    """Writes GIFs; what is half transparent becomes transparent or opaque."""

    format: ClassVar[Format] = Format.GIF
    extensions: ClassVar[tuple[str, ...]] = (".gif",)
    max_side: ClassVar[int] = 65_535
    # The palette's colours are found among all that there are.
    memory: ClassVar[EncoderMemory] = EncoderMemory(
        fixed=16 * 1_048_576, opaque=35, transparent=39, frame=2.3, opaque_file=1.4, transparent_file=1.4
    )

    def fit(self, image: Image.Image, *, opaque: bool) -> Image.Image:
        """Make each pixel opaque or transparent."""
        if opaque or image.mode != "RGBA":
            return super().fit(image, opaque=opaque)
        image = image.copy()
        image.putalpha(image.getchannel("A").point([255 * (alpha >= OPAQUE_FROM) for alpha in range(256)]))
        return image

    def save(self, pictures: Iterator[Image.Image], options: SaveOptions) -> bytes:
        """Write the pictures; those that are not opaque do not show the one before through."""
        how: dict[str, Any] = {}
        if options.animated:
            how = {
                "save_all": True,
                "duration": [min(duration, MAX_DURATION) for duration in options.durations],
                "disposal": 1 if options.opaque else 2,
                "optimize": False,
            }
            plays = 1 if options.plays is None else options.plays
            if (
                plays != 1
            ):  # a GIF says how often it plays again, 0 being for ever, and plays once where it says nothing
                how["loop"] = min(max(plays - 1, 0), MAX_AGAIN)
        buffer = io.BytesIO()
        first = next(pictures)
        first.save(buffer, "GIF", **how, **({"append_images": pictures} if options.animated else {}))
        return buffer.getvalue()
