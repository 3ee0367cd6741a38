"""Reads GIFs frame by frame, as browsers show them, and writes them.

We walk the blocks and compose the frames; Pillow only decodes pixels. Pillow would let later frames enlarge the
picture, paint areas that no frame covers, and ignore a loop block after the first frame.
"""

from collections.abc import Iterator
from typing import Any, ClassVar, Final

from PIL import Image

from resizer.formats.base import Access, RenditionFormat, SaveOptions, SourceFile, SourceFormat
from resizer.formats.canvas import Canvas, Disposal, composed
from resizer.formats.gif_blocks import GifBlocks, GifFrame
from resizer.formats.pillow_private import Pixels
from resizer.formats.prepared_file import PreparedFile
from resizer.model import Format, Frame, Header

MAX_DURATION: Final = 655_350  # milliseconds; 16 bits of hundredths of a second
MAX_REPEATS: Final = 65_535
MIN_OPAQUE_ALPHA: Final = 128  # GIF has no half-transparent pixels


class GifPixels(Pixels):
    """One frame's pixels."""

    def __init__(self, gif: GifBlocks, frame: GifFrame, size: tuple[int, int]) -> None:
        self.gif = gif
        data = PreparedFile(gif.stream, begin=frame.span[0], end=frame.span[1])
        decoder = "gif", (frame.code_size, int(frame.is_interlaced), -1)
        super().__init__(data, size, "P", decoder=decoder, palette=frame.palette)
        if frame.transparent is not None:
            self.info["transparency"] = frame.transparent


class GifSource(SourceFormat[GifPixels]):
    """Reads GIFs (GIF89a) as browsers show them."""

    name: ClassVar[str] = "GIF"
    access: ClassVar[Access] = Access.BACK_AND_FORTH
    threads: ClassVar[int] = 0

    def open(self, file: SourceFile) -> GifPixels:
        gif = GifBlocks(file)
        return GifPixels(gif, gif.frames[0], gif.size)

    def describe(self, image: GifPixels, file: SourceFile) -> Header:
        header, frames = super().describe(image, file), image.gif.frames
        if not _is_composed(image.gif):
            return header
        kept = all(frame.control.disposal is Disposal.KEEP for frame in frames)
        transparent = frames[0].control.size != image.size or not kept
        return composed(header, frames=len(frames), plays=image.gif.plays, transparent=transparent)

    def frames(self, image: GifPixels) -> Iterator[Frame]:
        gif = image.gif
        if not _is_composed(gif):
            yield from super().frames(image)
            return
        canvas = Canvas(gif.size)
        for frame in gif.frames:
            control = frame.control
            visible = all(control.size) and control.place[0] < gif.size[0] and control.place[1] < gif.size[1]
            pixels = GifPixels(gif, frame, control.size) if visible else None
            drawn = canvas.draw(pixels, control)
            del pixels
            yield Frame(drawn, control.duration)


def _is_composed(gif: GifBlocks) -> bool:
    """Whether the picture is more than a single frame that covers it."""
    return len(gif.frames) > 1 or gif.frames[0].control.size != gif.size


class _Duration(float):
    """Milliseconds. Pillow adds those of equal frames in a row, perhaps to more than GIF can express."""

    def __add__(self, other: float) -> "_Duration":
        return _Duration(min(super().__add__(other), MAX_DURATION))


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
        image.putalpha(image.getchannel("A").point([255 * (alpha >= MIN_OPAQUE_ALPHA) for alpha in range(256)]))
        return image

    def save(self, pictures: Iterator[Image.Image], options: SaveOptions) -> bytes:
        animation: dict[str, Any] = {
            "duration": [_Duration(min(duration, MAX_DURATION)) for duration in options.durations],
            "disposal": 1 if options.opaque else 2,  # a transparent frame is cleared before the next
            "optimize": False,
        }
        if options.plays != 1:  # a GIF without a loop block plays once; the block counts repetitions, 0 means for ever
            animation["loop"] = min(max(options.plays - 1, 0), MAX_REPEATS)
        return self.with_pillow(pictures, options, {}, animation)
