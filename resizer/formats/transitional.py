"""Formats whose module is not written yet, read as before."""

from __future__ import annotations

import io
import struct
from collections import deque
from dataclasses import replace
from functools import partial, wraps
from typing import TYPE_CHECKING, Final, ParamSpec, TypeVar

from PIL import ExifTags, GifImagePlugin, Image, JpegImagePlugin, PngImagePlugin

from resizer.errors import Reason, Rejected, ResizerError, is_our_fault
from resizer.formats import code_points
from resizer.formats.animations import count_frames, count_gif_frames
from resizer.formats.base import Access, SourceFile, SourceFormat
from resizer.formats.buffers import decoder_buffers, parts_of_webp
from resizer.formats.declared import declared_size
from resizer.formats.gif_canvas import clear_uncovered
from resizer.formats.jpeg_parts.scans import counting_scans
from resizer.formats.jpeg_parts.segments import read_what_can_be_read
from resizer.formats.palette import has_few_colours
from resizer.formats.png_end import read_end
from resizer.formats.png_inflate import stored
from resizer.formats.structure import JpegCoding, check_structure, jpeg_coding
from resizer.model import LONGEST_EXIF, OVERSAMPLING, Frame, Header

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from PIL.ImageFile import ImageFile


MB: Final = 1_048_576
# Pillow allows 1 MB for a profile or a text, which some honest ones exceed, and 64 MB for all texts, which none do.
PngImagePlugin.MAX_TEXT_CHUNK = PngImagePlugin.MAX_TEXT_MEMORY = 4 * MB
read_what_can_be_read()
# How PNG's grey of 2 and 4 bits becomes one of 8, by Pillow's names for them.
TO_EIGHT_BITS: Final = {"L;2": 85, "L;4": 17}


P = ParamSpec("P")
R = TypeVar("R")


def _truly(step: Callable[P, R]) -> Callable[P, R]:
    """A file that ends where a parser of ours reads on is cut off or damaged."""

    @wraps(step)
    def wrapped(*arguments: P.args, **named: P.kwargs) -> R:
        try:
            return step(*arguments, **named)
        except struct.error as problem:
            raise Rejected(Reason.TRUNCATED, "The file ends within its header.") from problem
        except ResizerError:
            raise
        except Exception as problem:
            if not is_our_fault(problem):
                raise
            raise Rejected(Reason.CORRUPT, f"The file is damaged: {problem}.") from problem

    return wrapped


class Transitional(SourceFormat):
    """Any format, by what Pillow's plugin is."""

    @_truly
    def expect(self, file: SourceFile) -> Header | None:
        if self.access is Access.WHOLE:
            size = declared_size(self.name, file.start)
            buffered = parts_of_webp(file.start, file.size)
        else:
            size, buffered = check_structure(self.name, file.stream), 0
        if self.name == "GIF":
            file.stream.seek(0)
            count_gif_frames(file.stream, file.max_pixels)
        if not size or min(size) <= 0:
            return None
        return Header(self.name, "RGBA", *size, buffered_bytes=buffered)

    def open(self, file: SourceFile) -> ImageFile:
        return Image.open(file.stream, formats=(self.name,))

    @_truly
    def describe(self, image: ImageFile, file: SourceFile) -> Header:
        stream = file.stream
        coding = jpeg_coding(stream) if self.name == "JPEG" else JpegCoding()
        buffered = decoder_buffers(image, stream, file.size, coding)
        if self.name == "GIF":
            before = stream.tell()
            frames = count_gif_frames(stream, file.max_pixels)
            stream.seek(before)
        else:
            frames = count_frames(image, self.name, file.max_pixels)
        width, height = image.size
        return Header(
            format=self.name,
            mode=image.mode,
            width=width,
            height=height,
            frames=frames,
            first_frame=int(frames > 1 and getattr(image, "default_image", False)),
            orientation=_orientation(image, self.name),
            has_transparency=image.has_transparency_data,
            loop=_plays(image, self.name),
            buffered_bytes=buffered,
            scalable=self.name == "JPEG" and not coding.lossless,
            code_points=code_points.of_png(stream) if self.name == "PNG" else None,
        )

    def scale(self, header: Header, wanted: tuple[int, int]) -> int:
        if not header.scalable:
            return 1
        side, needed = max(zip((header.width, header.height), wanted, strict=True))
        return next((divisor for divisor in (8, 4, 2) if side >= divisor * OVERSAMPLING * needed), 1)

    def frames(self, image: ImageFile, header: Header, wanted: tuple[int, int]) -> Iterator[Frame]:
        for number in range(header.first_frame, header.first_frame + header.frames):
            yield self._frame(image, header, wanted, number)

    @_truly
    def _frame(self, image: ImageFile, header: Header, wanted: tuple[int, int], number: int) -> Frame:
        first = number == header.first_frame
        if first and isinstance(image, PngImagePlugin.PngImageFile):
            _prepare_png(image, header)
        if header.frames > 1:
            image.seek(number)
        if image.size != (header.width, header.height):
            raise Rejected(Reason.CORRUPT, f"Frame {number} of the {header.format} is not of the picture's size.")
        box = None
        if isinstance(image, JpegImagePlugin.JpegImageFile):
            divisor = self.scale(header, wanted)
            box = (header.width / divisor, header.height / divisor)
            if divisor > 1:
                image.draft(None, (max(1, image.width // divisor), max(1, image.height // divisor)))
            if image.mode == "CMYK" and "adobe" not in image.info:
                image.tile = [image.tile[0]._replace(args=("CMYK", ""))]
            if header.buffered_bytes:
                image.load_read = counting_scans(image.load_read)  # type: ignore[method-assign, assignment]
        image.load()
        if isinstance(image, GifImagePlugin.GifImageFile):
            clear_uncovered(image, first=first, animated=header.frames > 1)
        drawn = header.format == "PNG" and header.frames == 1 and (image.mode == "P" or has_few_colours(image))
        return Frame(image, image.info.get("duration"), drawn, box)

    def after_pixels(self, image: ImageFile, header: Header) -> Header:
        return replace(header, orientation=_orientation(image, self.name)) if self.name == "PNG" else header

    def explain(self, file: SourceFile, problem: Exception) -> Rejected | None:
        del problem
        if self.name == "WEBP" and int.from_bytes(file.start[4:8], "little") + 8 > file.stream.seek(0, io.SEEK_END):
            return Rejected(Reason.TRUNCATED, "The WebP ends within its header.")
        return None


def _plays(image: ImageFile, format_: str) -> int | None:
    """How often an animation plays; a GIF counts how often it plays again, and plays once where it says nothing."""
    loop: int | None = image.info.get("loop")
    if format_ == "GIF":
        return loop and loop + 1 if loop is not None else 1
    return loop


def _orientation(image: ImageFile, format_: str) -> int:
    if format_ == "PNG" and "exif" not in image.info:  # Pillow would decode all of it to look behind the pixels
        return 1
    if len(image.info.get("exif", b"")) > LONGEST_EXIF:
        return 1
    return _told_orientation(image)


def _told_orientation(image: ImageFile) -> int:
    try:
        orientation = image.getexif().get(ExifTags.Base.Orientation, 1)
    except (SyntaxError, struct.error, ValueError, KeyError, TypeError):  # damaged EXIF is no damaged picture
        return 1
    return orientation if orientation in range(1, 9) else 1


def _prepare_png(image: PngImagePlugin.PngImageFile, header: Header) -> None:
    image.private_chunks = deque(maxlen=0)  # type: ignore[assignment] # there may be millions, and none is kept
    _scale_transparency(image)
    if header.frames == 1:
        image.load_read = stored(image.load_read)  # type: ignore[method-assign, assignment]
        # What follows the pixels may be as long as it likes.
        image.load_end = partial(read_end, image)  # type: ignore[method-assign]
    elif header.first_frame:
        image.load()
        image.paste(0, (0, 0, *image.size))  # an animation begins on nothing, and not on the picture before it


def _scale_transparency(image: PngImagePlugin.PngImageFile) -> None:
    """Bring a transparent colour to the depth that the pixels are given out in, where Pillow leaves it as stored.

    Of colours of 16 bits a channel only the upper 8 are there to compare: what agrees in these is transparent.
    """
    kept, transparent = image.tile[0].args, image.info.get("transparency")
    if kept == "RGB;16B" and isinstance(transparent, tuple):
        image.info["transparency"] = tuple(sample >> 8 for sample in transparent)
    elif kept in TO_EIGHT_BITS and isinstance(transparent, int):
        scale = TO_EIGHT_BITS[kept]
        image.info["transparency"] = (transparent & 255 // scale) * scale
