"""Reads GIFs frame by frame, as browsers show them, and writes them.

We walk the blocks and compose the frames; Pillow only decodes pixels. Pillow would let later frames enlarge the
picture, paint areas that no frame covers, and ignore a loop block after the first frame.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar, Final

from resizer.formats.base import Access, RenditionFormat, SaveOptions, SourceFile, SourceFormat
from resizer.formats.canvas import Canvas, Disposal
from resizer.formats.gif_blocks import GifBlocks, GifFrame
from resizer.formats.pillow_private import Pixels
from resizer.formats.prepared_file import PreparedFile
from resizer.model import Format, Frame, Header

if TYPE_CHECKING:
    from collections.abc import Iterator

    from PIL import Image

MAX_DURATION: Final = 655_350  # milliseconds; 16 bits of hundredths of a second
MAX_AGAIN: Final = 65_535
OPAQUE_FROM: Final = 128  # GIF knows only transparent and opaque


class GifPixels(Pixels):
    """One frame's pixels."""

    def __init__(self, gif: GifBlocks, frame: GifFrame, size: tuple[int, int]) -> None:
        self.gif = gif
        data = PreparedFile(gif.stream, begin=frame.span[0], end=frame.span[1])
        decoder = "gif", (frame.code_size, int(frame.is_interlaced), -1)
        super().__init__(data, size, "P", decoder=decoder, palette=frame.palette)
        if frame.control.transparent is not None:
            self.info["transparency"] = frame.control.transparent


class GifSource(SourceFormat[GifPixels]):
    """Reads GIFs (GIF89a) as browsers show them."""

    name: ClassVar[str] = "GIF"
    access: ClassVar[Access] = Access.BACK_AND_FORTH
    threads: ClassVar[int] = 0

    def open(self, file: SourceFile) -> GifPixels:
        """Walk the blocks to find the frames, without decoding pixels."""
        gif = GifBlocks(file)
        return GifPixels(gif, gif.frames[0], gif.size)

    def describe(self, image: GifPixels, file: SourceFile) -> Header:
        header, gif = super().describe(image, file), image.gif
        header = replace(header, frames=len(gif.frames), loop=gif.plays)
        if not _is_composed(gif):
            return header
        kept = all(frame.control.disposal is Disposal.KEEP for frame in gif.frames)
        transparent = header.has_transparency or gif.frames[0].size != gif.size or not kept
        # The canvas, and until a frame is drawn its pixels and their RGBA copy.
        canvas = 4 * header.width * header.height
        largest = max(frame.size[0] * frame.size[1] for frame in gif.frames)
        memory = replace(header, buffered_bytes=largest + canvas, held_bytes=canvas)
        return replace(memory, mode="RGBA", has_transparency=transparent)

    def frames(self, image: GifPixels) -> Iterator[Frame]:
        """Decode the picture, or compose the frames."""
        gif = image.gif
        if not _is_composed(gif):
            yield from super().frames(image)
            return
        canvas = Canvas(gif.size)
        for frame in gif.frames:
            visible = all(frame.size) and frame.place[0] < gif.size[0] and frame.place[1] < gif.size[1]
            pixels = GifPixels(gif, frame, frame.size) if visible else None
            drawn = canvas.draw(pixels, frame.place, frame.control.disposal, over=True)
            del pixels
            yield Frame(drawn, frame.control.duration)


def _is_composed(gif: GifBlocks) -> bool:
    """Whether the picture is more than a single frame that covers it."""
    return len(gif.frames) > 1 or gif.frames[0].size != gif.size


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
        animation: dict[str, Any] = {
            "duration": [min(duration, MAX_DURATION) for duration in options.durations],
            "disposal": 1 if options.opaque else 2,  # a transparent frame is cleared before the next
            "optimize": False,
        }
        plays = 1 if options.plays is None else options.plays
        if plays != 1:  # a GIF without a loop block plays once; the block counts repetitions, 0 means for ever
            animation["loop"] = min(max(plays - 1, 0), MAX_AGAIN)
        return self.with_pillow(pictures, options, {}, animation)
