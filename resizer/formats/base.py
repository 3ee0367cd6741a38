"""The base classes for reading and writing a format. Each format's module overrides what is special about it."""

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import IntEnum
from typing import IO, Any, ClassVar, Final, Generic, TypeVar

from PIL import Image
from PIL.ImageFile import ImageFile

from resizer.errors import Reason, Rejected
from resizer.formats.orientation import exif_orientation
from resizer.model import Format, Frame, Header

Opened = TypeVar("Opened", bound=ImageFile)
# Every frame takes time, however small it is. Ten minutes of film have fewer.
MAX_FRAMES: Final = 20_000


def title(format_: str) -> str:
    """The usual name of a format, by Pillow's name for it."""
    return {"HEIF": "HEIC", "JPEG2000": "JPEG 2000", "WEBP": "WebP"}.get(format_, format_)


def truncated(format_: str) -> Rejected:
    """The rejection of a file of this format that ends too early."""
    return Rejected(Reason.TRUNCATED, f"The {title(format_)} ends before its last pixel; upload the whole file.")


def exactly(stream: IO[bytes], size: int, format_: str) -> bytes:
    """The next `size` bytes of a file. Raises `Rejected` `truncated` if there are fewer."""
    data = stream.read(size)
    if len(data) < size:
        raise truncated(format_)
    return data


def ask(stream: IO[bytes], method: str) -> None:
    """Call a download's `hold_everything` or `release_behind`; other files have no such method, and do not need it."""
    getattr(stream, method, bool)()


class Access(IntEnum):
    """How a decoder reads a file; the number is how many copies of the whole file are in memory."""

    FORWARDS = 0
    BACK_AND_FORTH = 1
    WHOLE = 2  # all of it is read when it is opened


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file to open: `stream` is at its first byte, `size` is in bytes.

    `max_pixels` is the limit over all frames. `check` raises `Rejected` if a header exceeds a limit. `warn` logs a
    sentence about a part that was ignored.
    """

    stream: IO[bytes]
    size: int
    max_pixels: int
    check: Callable[[Header], None]
    warn: Callable[[str], None]


class SourceFormat(Generic[Opened]):
    """Reads files of one format, whose opened images are of the class `Opened`.

    The methods are called in the order below. Any of them may raise `Rejected`. Other exceptions from Pillow become
    `truncated` or `corrupt`; a bug of ours fails the record.
    """

    name: ClassVar[str]  # Pillow's name, as `Header.format` has it
    access: ClassVar[Access] = Access.FORWARDS
    threads: ClassVar[int] = 2  # the decoder starts no more
    # Seconds of a whole core per pixel if the decoder cannot be interrupted between two reads; 0 if it can.
    seconds_per_pixel: ClassVar[float] = 0

    def load_library(self) -> None:
        """Import the decoder's library if it is rarely needed. Raises `Rejected` if it is not installed.

        This happens before memory is limited: a library that fails to load for want of memory stays broken.
        """

    def open(self, file: SourceFile) -> Opened:
        """Check the file and open it with Pillow's class for the format, without decoding pixels.

        Bombs, and data that no decoder should see, are rejected. If Pillow allocates memory for the pixels here,
        `file.check` comes first. `Image.open` would report a bug in our stream as a damaged file.
        """
        raise NotImplementedError

    def describe(self, image: Opened, file: SourceFile) -> Header:
        """The header of an opened image; formats add frames, colours, and their decoder's memory."""
        del file
        width, height = image.size
        return Header(
            format=self.name,
            mode=image.mode,
            width=width,
            height=height,
            orientation=exif_orientation(image.info.get("exif")),
            has_transparency=image.mode.endswith(("A", "a")) or "transparency" in image.info,
        )

    def scale(self, header: Header, wanted: tuple[int, int]) -> int:
        """The divisor of both sides during decoding: 1, 2, 4 or 8.

        `wanted` is the size in pixels, as stored, of the whole picture in its largest rendition. Each side of the
        decoded picture has at least `OVERSAMPLING` times as many pixels.
        """
        del header, wanted
        return 1

    def frames(self, image: Opened) -> Iterator[Frame]:
        """Decode the frames in turn, each complete, as stored (not yet upright), in any mode of Pillow.

        The caller may overwrite a frame's pixels. The decoders' memory limit is active while a frame is made.
        """
        image.load()
        yield Frame(image)

    def after_pixels(self, image: Opened, header: Header) -> Header:
        """Complete the header with metadata after the pixels, once the first frame has been decoded."""
        del image
        return header


@dataclass(frozen=True, slots=True)
class SaveOptions:
    """Options for writing one rendition.

    `quality` is 1 to 100, None for formats without one; `effort` is an `Effort` of the settings. `plays` is how often
    an animation plays (0: for ever). `durations` are in milliseconds, one per frame. `opaque` means that no
    frame has transparency, `few_colours` that the source had at most 256 colours.
    """

    quality: int | None = None
    effort: str = "balanced"
    exif: bytes = b""
    plays: int = 1
    durations: tuple[float, ...] = (0.0,)
    opaque: bool = True
    few_colours: bool = False

    @property
    def animated(self) -> bool:
        """Whether there is more than one frame."""
        return len(self.durations) > 1


def encoded(image: Image.Image, format_: str, **how: Any) -> bytes:
    """The file that Pillow writes with these parameters."""
    buffer = io.BytesIO()
    image.save(buffer, format_, **how)
    return buffer.getvalue()


class RenditionFormat:
    """Writes renditions of one format."""

    format: ClassVar[Format]
    extensions: ClassVar[tuple[str, ...]]  # the first one is used in output keys
    max_side: ClassVar[int]  # pixels that the format can express

    def fit(self, image: Image.Image, *, opaque: bool) -> Image.Image:
        """Convert an L, RGB or RGBA picture to a mode of the format, with an alpha channel only if it is needed."""
        return image.convert("RGB") if opaque and image.mode == "RGBA" else image

    def save(self, pictures: Iterator[Image.Image], options: SaveOptions) -> bytes:
        """Encode one picture, or the frames of an animation, which are made one by one."""
        raise NotImplementedError

    def with_pillow(
        self, pictures: Iterator[Image.Image], options: SaveOptions, how: dict[str, Any], animation: dict[str, Any]
    ) -> bytes:
        """Encode with Pillow's parameters `how`, and with those in `animation` for several frames."""
        first = next(pictures)
        if options.animated:
            how = how | {"save_all": True, "append_images": pictures, **animation}
        return encoded(first, self.format, exif=options.exif, **how)
