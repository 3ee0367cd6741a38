"""Reads and writes WebPs. libwebp allocates memory for the declared size when it opens a file."""

from __future__ import annotations

import importlib
import io
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar, Final

from PIL import Image

from resizer.formats.base import Access, RenditionFormat, SaveOptions, SourceFile, SourceFormat, truncated
from resizer.model import Format, Frame, Header

if TYPE_CHECKING:
    from PIL.WebPImagePlugin import WebPImageFile

DECODER_BYTES: Final = 13  # per pixel: libwebp's ARGB, its canvas twice, and the frame that it returns
FLAGS_AT, ANIMATED, ALPHA = 20, 0x02, 0x10  # in the extended header (RFC 9649, 2.7)
MAX_DURATION: Final = (1 << 24) - 2  # milliseconds; the encoder rounds start times, and may add one
MAX_PLAYS: Final = 65_535
METHODS: Final = {"fast": 0, "balanced": 2, "small": 5}


class WebpSource(SourceFormat["WebPImageFile"]):
    """Reads WebPs (RFC 9649)."""

    name: ClassVar[str] = "WEBP"
    access: ClassVar[Access] = Access.WHOLE
    seconds_per_pixel: ClassVar[float] = 80e-9

    def load_library(self) -> None:
        load_webp()

    def open(self, file: SourceFile) -> WebPImageFile:
        from PIL.WebPImagePlugin import WebPImageFile  # noqa: PLC0415 # loaded above

        data = file.stream.read()
        if len(data) < int.from_bytes(data[4:8], "little") + 8:  # libwebp would give no reason
            raise truncated(self.name)
        size = declared_size(data)
        if all(size):
            file.check(_with_memory(Header(self.name, "RGBA", *size)))
        return WebPImageFile(io.BytesIO(_with_alpha_flag(data)))

    def describe(self, image: WebPImageFile, file: SourceFile) -> Header:
        header = _with_memory(super().describe(image, file))
        frames = min(image.n_frames, file.max_pixels // header.pixels + 1)
        return replace(header, frames=frames, loop=image.info.get("loop") if frames > 1 else None)

    def frames(self, image: WebPImageFile) -> Iterator[Frame]:
        if image.n_frames == 1:
            yield from super().frames(image)
            return
        for number in range(image.n_frames):
            image.seek(number)
            yield Frame(image.convert("RGBA"), image.info["duration"])


def load_webp() -> None:
    """Import Pillow's plugin, which registers itself; with libwebp it takes 0.4 MB, often for nothing."""
    importlib.import_module("PIL.WebPImagePlugin")


def _with_memory(header: Header) -> Header:
    return replace(header, held_bytes=DECODER_BYTES * header.pixels)


def _with_alpha_flag(data: bytes) -> bytes:
    """The file without its claim to be opaque if it is an animation whose first frame is smaller than the picture.

    Browsers show transparency there. libwebp writes such files where each frame's opaque pixels form a rectangle.
    """
    is_opaque = data[12:16] == b"VP8X" and len(data) > FLAGS_AT and data[FLAGS_AT] & (ANIMATED | ALPHA) == ANIMATED
    at = data.find(b"ANMF") if is_opaque else -1
    if at == -1 or data[at + 14 : at + 20] == data[24:30]:  # width and height less 1
        return data
    return data[:FLAGS_AT] + bytes([data[FLAGS_AT] | ALPHA]) + data[FLAGS_AT + 1 :]


def declared_size(start: bytes) -> tuple[int, int]:
    """Width and height in pixels from a WebP's first bytes (RFC 9649 and RFC 6386); zeros if it has none."""
    match start[12:16]:
        case b"VP8X":
            return int.from_bytes(start[24:27], "little") + 1, int.from_bytes(start[27:30], "little") + 1
        case b"VP8L":
            bits = int.from_bytes(start[21:25], "little")
            return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
        case b"VP8 ":
            return int.from_bytes(start[26:28], "little") & 0x3FFF, int.from_bytes(start[28:30], "little") & 0x3FFF
        case _:
            return 0, 0


class WebpRendition(RenditionFormat):
    """Writes WebPs.

    CPU and bytes for three renditions each of seven photos: method 2 takes 225 ms; 0 takes 155 ms and writes 23 % more
    bytes; 5 takes 615 ms and saves 7 %; 6 takes 1,050 ms and saves another 3 %, with twice the memory for transparency.
    """

    format: ClassVar[Format] = Format.WEBP
    extensions: ClassVar[tuple[str, ...]] = (".webp",)
    max_side: ClassVar[int] = 16_383

    def save(self, pictures: Iterator[Image.Image], options: SaveOptions) -> bytes:
        """Encode one picture, or the frames of an animation."""
        load_webp()
        animation = {
            "duration": [min(duration, MAX_DURATION) for duration in options.durations],
            "loop": min(options.plays, MAX_PLAYS),
        }
        how = {"quality": options.quality, "method": METHODS[options.effort]}
        return _with_alpha_flag(self.with_pillow(pictures, options, how, animation))
