"""Formats whose module is not written yet, read as before."""

from __future__ import annotations

import importlib
import io
import struct
import warnings
from dataclasses import replace
from functools import wraps
from typing import IO, TYPE_CHECKING, ParamSpec, TypeVar

from PIL import ExifTags, Image, JpegImagePlugin, TiffImagePlugin

from resizer.errors import Reason, Rejected, ResizerError, is_our_fault
from resizer.formats import code_points
from resizer.formats.base import Access, SourceFile, SourceFormat
from resizer.formats.buffers import decoder_buffers
from resizer.formats.declared import declared_samples, declared_size
from resizer.formats.jpeg_parts.scans import counting_scans
from resizer.formats.jpeg_parts.segments import read_what_can_be_read
from resizer.formats.structure import JpegCoding, check_structure, jpeg_coding
from resizer.model import LONGEST_EXIF, OVERSAMPLING, Frame, Header

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from PIL.ImageFile import ImageFile

    from resizer.model import CodePoints

read_what_can_be_read()


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
        mode = "L" if self.name == "JPEG2000" else "RGBA"
        if self.access is Access.WHOLE:
            size = declared_size(self.name, file.start)
        else:
            size = check_structure(self.name, file.stream)
        if not size or min(size) <= 0:
            return None
        if self.name == "AVIF":
            mode = declared_samples(file.start)[0]
        header = Header(self.name, mode, *size)
        return self._with_samples(header, file.start)

    def open(self, file: SourceFile) -> ImageFile:
        stream = file.stream
        if self.name == "HEIF":  # its decoder goes back to the start when it has read all of it
            _register_heif()
            stream = io.BytesIO(stream.read())
        return Image.open(stream, formats=(self.name,))

    @_truly
    def describe(self, image: ImageFile, file: SourceFile) -> Header:
        stream = file.stream
        coding = jpeg_coding(stream) if self.name == "JPEG" else JpegCoding()
        buffered = decoder_buffers(image, stream, file.size, coding)
        width, height = _decoded_size(image)
        header = Header(
            format=self.name,
            mode=image.mode,
            width=width,
            height=height,
            orientation=_orientation(image, self.name),
            has_transparency=image.has_transparency_data,
            buffered_bytes=buffered,
            scalable=self.name == "JPEG" and not coding.lossless,
            code_points=_code_points(image, file.start),
        )
        return self._with_samples(header, file.start)

    def _with_samples(self, header: Header, start: bytes) -> Header:
        if self.name != "AVIF":
            return header
        samples = declared_samples(start)[1]
        per_pixel = (14 if samples is None else samples) + {"L": 1, "RGB": 3}.get(header.mode, 4) + 1.5
        return replace(header, held_bytes=round(header.width * header.height * per_pixel))

    def scale(self, header: Header, wanted: tuple[int, int]) -> int:
        if not header.scalable:
            return 1
        side, needed = max(zip((header.width, header.height), wanted, strict=True))
        return next((divisor for divisor in (8, 4, 2) if side >= divisor * OVERSAMPLING * needed), 1)

    def frames(self, image: ImageFile, header: Header, wanted: tuple[int, int]) -> Iterator[Frame]:
        for number in range(header.frames):
            yield self._frame(image, header, wanted, number)

    @_truly
    def _frame(self, image: ImageFile, header: Header, wanted: tuple[int, int], number: int) -> Frame:
        if header.frames > 1:
            image.seek(number)
        size = (header.width, header.height)
        # it may be turned when loaded
        if image.size != size and (header.format != "TIFF" or image.size != size[::-1]):
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
        return Frame(image, crop_box=box)

    def explain(self, file: SourceFile, problem: Exception) -> Rejected | None:
        del problem
        if self.name == "TIFF" and _is_of_unread_samples(file.stream):
            detail = "The TIFF has samples that are not read, such as colours in floats; save it with 8 bits a channel."
            return Rejected(Reason.UNSUPPORTED_FORMAT, detail)
        return None


def _register_heif() -> None:
    try:
        # Only the picture itself is read, in this thread: Lambda gives one core where memory is short.
        importlib.import_module("pillow_heif").register_heif_opener(
            decode_threads=0, thumbnails=False, depth_images=False, aux_images=False
        )
    except ImportError:
        detail = (
            'pillow-heif is missing: deploy with Heic=yes, or run `pip install ".[heic]"` in a checkout of Resizer.'
        )
        raise Rejected(Reason.HEIC_NOT_INSTALLED, detail) from None


def _code_points(image: ImageFile, start: bytes) -> CodePoints | None:
    match image.format:
        case "AVIF":
            return code_points.of_avif(start)
        case "HEIF":
            return code_points.of_heif(image.info)
        case _:
            return None


def _decoded_size(image: ImageFile) -> tuple[int, int]:
    """The size as its decoder gives it out: a TIFF's turns it, and only in the end where XMP alone tells it to."""
    by_xmp = isinstance(image, TiffImagePlugin.TiffImageFile) and ExifTags.Base.Orientation not in image.tag_v2
    return (image.height, image.width) if by_xmp and _told_orientation(image) >= 5 else image.size


def _orientation(image: ImageFile, format_: str) -> int:
    if format_ in {"TIFF", "HEIF"}:  # turned upright by their decoders
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


def _is_of_unread_samples(stream: IO[bytes]) -> bool:
    """Whether a TIFF's tags are in order, and only its kind of samples is none that Pillow knows."""
    stream.seek(0)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # so Pillow tells of tags that are cut off or damaged
            TiffImagePlugin.TiffImageFile(stream)
    except Exception as problem:  # noqa: BLE001 # `Image.open` keeps them for itself
        return str(problem) == "unknown pixel mode"
    return False
