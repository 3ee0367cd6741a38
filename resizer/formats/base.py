"""How a format is read and written. Each format's module overrides what its files, its decoder or its encoder need."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import IO, TYPE_CHECKING, ClassVar

from resizer.model import Format, Frame, Header

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from PIL import Image
    from PIL.ImageFile import ImageFile

    from resizer.errors import Rejected


class Access(StrEnum):
    """How a decoder goes through a file; it decides what of the download is kept in memory."""

    FORWARDS = "forwards"
    BACK_AND_FORTH = "back and forth"
    WHOLE = "whole"  # Pillow reads all of it when it opens the file


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file to open: `stream` is at its first byte, `start` holds its first bytes, `size` is in bytes.

    `max_pixels` is the limit over all frames. `warn` takes one sentence for the log about something that was left out.
    """

    stream: IO[bytes]
    start: bytes
    size: int
    max_pixels: int
    warn: Callable[[str], None]


class SourceFormat:
    """How files of one format are read.

    The methods are called in the order in which they are listed. Any of them may raise `Rejected`; another exception
    from Pillow ends as `truncated` or `corrupt`, one of our own mistakes fails the record.
    """

    name: ClassVar[str]  # Pillow's name, as `Header.format` has it
    access: ClassVar[Access] = Access.FORWARDS
    threads: ClassVar[int] = 2  # that the decoder may start
    # Memory: bytes per source pixel that the decoder holds beside Pillow's own pixels, and copies of the whole file.
    decoder_bytes: ClassVar[float] = 0
    file_copies: ClassVar[int] = 0
    # Seconds of a whole core per pixel where the decoder cannot be stopped between two reads; 0 where it can.
    seconds_per_pixel: ClassVar[float] = 0

    def expect(self, file: SourceFile) -> Header | None:
        """Read what must be known before Pillow opens the file: bombs, sizes inside, what no decoder may see.

        Returns what the decoder will meet where Pillow would take memory for it before telling, so that limits are
        checked first. The stream may be left anywhere.
        """
        del file
        return None

    def open(self, file: SourceFile) -> ImageFile:
        """Open the file by Pillow's class for the format; no pixel is decoded yet.

        `Image.open` would take a mistake in our stream for a damaged file.
        """
        raise NotImplementedError

    def describe(self, image: ImageFile, file: SourceFile) -> Header:
        """Complete the header of an opened image: frames, orientation, transparency, colours, decoder memory."""
        del file
        width, height = image.size
        return Header(
            format=self.name,
            mode=image.mode,
            width=width,
            height=height,
            has_transparency=image.has_transparency_data,
        )

    def scale(self, header: Header, wanted: tuple[int, int]) -> int:
        """By how much the decoder divides both sides while it decodes: 1, 2, 4 or 8.

        `wanted` is the size in pixels, as stored, that the whole picture has in its largest rendition. The decoded
        picture has at least `OVERSAMPLING` times as many pixels a side.
        """
        del header, wanted
        return 1

    def frames(self, image: ImageFile, header: Header, wanted: tuple[int, int]) -> Iterator[Frame]:
        """Decode each frame in turn, composed whole, as stored (not yet upright), in any mode of Pillow.

        `wanted` is as for `scale`. The caller may overwrite a frame's pixels. The memory limit of decoders is on while
        a frame is made.
        """
        del wanted
        for number in range(header.frames):
            if header.frames > 1:
                image.seek(number)
            image.load()
            yield Frame(image, image.info.get("duration"))

    def after_pixels(self, image: ImageFile, header: Header) -> Header:
        """Complete the header by what the file says behind its pixels, once the first frame has been decoded."""
        del image
        return header

    def explain(self, file: SourceFile, problem: Exception) -> Rejected | None:
        """Give a truer reason than `truncated` or `corrupt` for a file that Pillow did not open; None for these."""
        del file, problem
        return None


@dataclass(frozen=True, slots=True)
class EncoderMemory:
    """Bytes that an encoder takes: `fixed`, and the rest per output pixel, measured with noise and smooth pictures.

    `opaque` and `transparent` are held beside one picture, `frame` beside each further frame of an animation;
    `opaque_file` and `transparent_file` are the largest files, of noise at the highest quality.
    """

    fixed: int
    opaque: float
    transparent: float
    frame: float
    opaque_file: float
    transparent_file: float


@dataclass(frozen=True, slots=True)
class SaveOptions:
    """How one rendition is written.

    `quality` is 1 to 100, None for formats without one; `effort` is one of the settings' `Effort`. `plays` is how often
    an animation plays (0: for ever, None: once). `durations` are the milliseconds of each frame. `opaque` says that no
    frame has transparency, `few_colours` that the source had at most 256.
    """

    quality: int | None = None
    effort: str = "balanced"
    exif: bytes = b""
    plays: int | None = None
    durations: tuple[float, ...] = field(default=(0.0,))
    opaque: bool = True
    few_colours: bool = False

    @property
    def animated(self) -> bool:
        """Whether there is more than one frame."""
        return len(self.durations) > 1


class RenditionFormat:
    """How renditions of one format are written."""

    format: ClassVar[Format]
    extensions: ClassVar[tuple[str, ...]]  # the first is the one that output keys get
    max_side: ClassVar[int]  # pixels that the format can express
    memory: ClassVar[EncoderMemory]

    def memory_at(self, effort: str) -> EncoderMemory:
        """What the encoder takes at one of the settings' `Effort`."""
        del effort
        return self.memory

    def fit(self, image: Image.Image, *, opaque: bool) -> Image.Image:
        """Bring an L, RGB or RGBA picture into a mode that the format can hold, with transparency only if there is."""
        return image.convert("RGB") if opaque and image.mode == "RGBA" else image

    def save(self, pictures: Iterator[Image.Image], options: SaveOptions) -> bytes:
        """Write the pictures (one, or the frames of an animation, made one by one) as the bytes of a file."""
        raise NotImplementedError
