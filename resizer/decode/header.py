"""What an image's header says, and what is refused by it before anything is decoded."""

from __future__ import annotations

import importlib
import io
import struct
import warnings
from dataclasses import replace
from typing import IO, TYPE_CHECKING, Final

from PIL import ExifTags, Image, JpegImagePlugin, PngImagePlugin, TiffImagePlugin, UnidentifiedImageError

from resizer.decode.sniff import SIGNATURE_BYTES, recognise
from resizer.errors import Reason, Rejected, ResizerError
from resizer.formats import code_points
from resizer.formats.animations import count_frames, count_gif_frames
from resizer.formats.buffers import decoder_buffers, parts_of_webp
from resizer.formats.declared import AHEAD, declared_samples, declared_size
from resizer.formats.jpeg_parts.scale import has_full_colours
from resizer.formats.jpeg_parts.segments import read_what_can_be_read
from resizer.formats.structure import JpegCoding, check_structure, jpeg_coding
from resizer.memory.plan import MB
from resizer.model import LONGEST_EXIF, Header

if TYPE_CHECKING:
    from PIL.ImageFile import ImageFile

    from resizer.decode.limits import Limits
    from resizer.model import CodePoints

# Formats that Pillow reads whole when it opens them, so that nothing needs to be kept for it.
READ_WHOLE: Final = frozenset({"WEBP", "AVIF", "HEIF"})
# Formats whose decoders, or whose count of frames, go back and forth in the file.
BACK_AND_FORTH: Final = frozenset({"TIFF", "GIF", "ICO", "JPEG2000"})
# Pillow allows 1 MB for a profile or a text, which some honest ones exceed, and 64 MB for all texts, which none do.
PngImagePlugin.MAX_TEXT_CHUNK = PngImagePlugin.MAX_TEXT_MEMORY = 4 * MB
read_what_can_be_read()
# `Limits` decides what is too large; `_open` sets what is so in any case.
warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)


def is_read_forwards(header: Header) -> bool:
    """Whether the pixels are decoded without going back to what has been read."""
    return header.format not in BACK_AND_FORTH


def open_image(stream: IO[bytes], limits: Limits) -> tuple[ImageFile, Header]:
    """Read an image's header, and no pixel yet.

    Raises `Rejected`: `not_an_image`, `unsupported_format`, `heic_not_installed`, `truncated` or `corrupt` for what
    is no readable image, and what `Limits.check` refuses.
    """
    start = stream.read(SIGNATURE_BYTES)
    format_ = recognise(start)
    if format_ == "HEIF":
        _register_heif()
    if format_ in READ_WHOLE:
        start += stream.read(AHEAD - len(start))
    mode, samples = _declared(format_, start)
    try:
        if (size := _size_within(stream, format_, start)) and min(size) > 0:
            buffered = parts_of_webp(start, limits.file_size)
            limits.check(Header(format_, mode, *size, buffered_bytes=buffered, sample_bytes=samples))
        gif_frames = count_gif_frames(stream, limits.pixels) if format_ == "GIF" else None
        image = _open(stream, format_, limits.pixels)
        if format_ != "JPEG":  # of which more has to be known, and costs nothing
            limits.check(Header(format_, image.mode, *image.size, sample_bytes=samples))
        header = _header(image, format_, stream, limits, gif_frames)
        header = replace(header, code_points=_code_points(image, stream, start), sample_bytes=samples)
    except ResizerError:
        raise
    except Image.DecompressionBombError as problem:
        detail = f"{str(problem).split(' exceeds')[0]} exceeds RESIZER_MAX_PIXELS, {limits.pixels}."
        raise Rejected(Reason.TOO_MANY_PIXELS, detail) from problem
    except MemoryError as problem:
        raise Rejected(Reason.NEEDS_MEMORY, f"The {format_}'s header takes more memory than there is.") from problem
    except Exception as problem:  # a parser of hostile bytes may raise anything; the stream's own faults come first
        raise _unreadable(stream, start, format_, problem) from problem
    limits.check(header)
    return image, header


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


def _nothing() -> None:
    """A plain file needs no telling."""


def _size_within(stream: IO[bytes], format_: str, start: bytes) -> tuple[int, int] | None:
    """The size that a decoder will meet, where it would take the memory for it before Pillow tells."""
    if format_ in READ_WHOLE:
        return declared_size(format_, start)
    if format_ in BACK_AND_FORTH:
        getattr(stream, "hold_everything", _nothing)()
    return check_structure(format_, stream)


def _declared(format_: str, start: bytes) -> tuple[str, float | None]:
    """The mode that takes the most of those that a file may have, before it is opened; and an AVIF's `sample_bytes`."""
    if format_ == "AVIF":
        return declared_samples(start)
    return "L" if format_ == "JPEG2000" else "RGBA", None  # opening a JPEG 2000 tells, and takes nothing


def _open(stream: IO[bytes], format_: str, max_pixels: int) -> ImageFile:
    if format_ in READ_WHOLE:
        getattr(stream, "release_behind", _nothing)()
    if format_ == "HEIF":  # its decoder goes back to the start when it has read all of it
        stream.seek(0)
        stream = io.BytesIO(stream.read())
    Image.MAX_IMAGE_PIXELS = max_pixels // 2  # at double this Pillow refuses sizes that only its decoders come to see
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of odd metadata, which is not kept
        return Image.open(stream, formats=(format_,))


def _header(image: ImageFile, format_: str, stream: IO[bytes], limits: Limits, gif_frames: int | None) -> Header:
    coding = jpeg_coding(stream) if format_ == "JPEG" else JpegCoding()
    buffered = decoder_buffers(image, stream, limits.file_size, coding)
    frames = gif_frames or count_frames(image, format_, limits.pixels)
    width, height = _decoded_size(image)
    return Header(
        format=format_,
        mode=image.mode,
        width=width,
        height=height,
        frames=frames,
        first_frame=int(frames > 1 and getattr(image, "default_image", False)),
        orientation=_orientation(image, format_),
        has_transparency=image.has_transparency_data,
        loop=_plays(image, format_),
        buffered_bytes=buffered,
        scalable=format_ == "JPEG" and not coding.lossless,
        full_colours=isinstance(image, JpegImagePlugin.JpegImageFile) and has_full_colours(image),
        several_scans=coding.several_scans,
    )


def _code_points(image: ImageFile, stream: IO[bytes], start: bytes) -> CodePoints | None:
    match image.format:
        case "PNG":
            return code_points.of_png(stream)
        case "AVIF":
            return code_points.of_avif(start)
        case "HEIF":
            return code_points.of_heif(image.info)
        case _:
            return None


def with_late_exif(image: ImageFile, header: Header, limits: Limits) -> Header:
    """The header with what EXIF says that stood behind the pixels, as a PNG's may; these have been decoded.

    Raises what `Limits.check` refuses: a picture that lies on its side may have larger renditions.
    """
    if header.format != "PNG":
        return header
    turned = replace(header, orientation=_orientation(image, header.format))
    limits.check(turned)
    return turned


def _plays(image: ImageFile, format_: str) -> int | None:
    """How often an animation plays; a GIF counts how often it plays again, and plays once where it says nothing."""
    loop: int | None = image.info.get("loop")
    if format_ == "GIF":
        return loop and loop + 1 if loop is not None else 1
    return loop


def _decoded_size(image: ImageFile) -> tuple[int, int]:
    """The size as its decoder gives it out: a TIFF's turns it, and only in the end where XMP alone tells it to."""
    by_xmp = isinstance(image, TiffImagePlugin.TiffImageFile) and ExifTags.Base.Orientation not in image.tag_v2
    return (image.height, image.width) if by_xmp and _told_orientation(image) >= 5 else image.size


def _orientation(image: ImageFile, format_: str) -> int:
    if format_ in {"TIFF", "HEIF"}:  # turned upright by their decoders
        return 1
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


def _unreadable(stream: IO[bytes], start: bytes, format_: str, problem: Exception) -> Rejected:
    """Tell a file that ends too early from one that is damaged: by where its parser stood when it gave up."""
    position, size = stream.tell(), stream.seek(0, io.SEEK_END)
    if format_ == "TIFF" and isinstance(problem, UnidentifiedImageError) and _is_of_unread_samples(stream):
        detail = "The TIFF has samples that are not read, such as colours in floats; save it with 8 bits a channel."
        return Rejected(Reason.UNSUPPORTED_FORMAT, detail)
    promised = int.from_bytes(start[4:8], "little") + 8 if format_ == "WEBP" else 0
    if promised > size or (position >= size and format_ not in READ_WHOLE):
        return Rejected(Reason.TRUNCATED, f"The {format_} ends within its header, after {size} bytes.")
    what = "damaged" if isinstance(problem, UnidentifiedImageError) else str(problem)[:200] or "damaged"
    return Rejected(Reason.CORRUPT, f"The {format_}'s header cannot be read: {what}.")


def _is_of_unread_samples(stream: IO[bytes]) -> bool:
    """Whether a TIFF's tags are in order, and only its kind of samples is none that Pillow knows."""
    stream.seek(0)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # so Pillow tells of tags that are cut off or damaged
            TiffImagePlugin.TiffImageFile(stream)
    except (SyntaxError, Warning) as problem:  # which `Image.open` keeps for itself
        return str(problem) == "unknown pixel mode"
    return False
