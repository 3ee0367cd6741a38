"""Reads an image's header, and rejects images before decoding."""

from __future__ import annotations

import io
import warnings
from typing import IO, TYPE_CHECKING, Final

from PIL import Image

from resizer.decode.rejecting import rejecting, title
from resizer.decode.sniff import SIGNATURE_BYTES, sniff
from resizer.errors import Reason, Rejected
from resizer.formats import SOURCES
from resizer.formats.base import Access, SourceFile
from resizer.model import Header

if TYPE_CHECKING:
    from collections.abc import Callable

    from PIL.ImageFile import ImageFile

    from resizer.decode.limits import Limits
    from resizer.formats.base import SourceFormat

LOOKAHEAD: Final = 65_536  # bytes; one read fetches them, and encoders put a file's properties there
Image.MAX_IMAGE_PIXELS = None  # `Limits` decides what is too large, not Pillow


def is_read_forwards(header: Header) -> bool:
    """Whether the decoder never seeks backwards."""
    return SOURCES[header.format].access is not Access.BACK_AND_FORTH


def open_image(
    stream: IO[bytes], limits: Limits, warn: Callable[[str], None] = lambda _: None
) -> tuple[ImageFile, Header]:
    """Read an image's header, but no pixels yet. `warn` gets one sentence for each part that is ignored.

    Raises `Rejected`: `not_an_image`, `unsupported_format`, `heic_not_installed`, `truncated` or `corrupt` if the image
    cannot be read, and the same as `Limits.check`.
    """
    start = stream.read(SIGNATURE_BYTES)
    source = SOURCES[sniff(start)]
    if source.access is Access.WHOLE:
        start += stream.read(LOOKAHEAD - len(start))
    file = SourceFile(stream=stream, start=start, size=limits.file_size, max_pixels=limits.max_pixels, warn=warn)
    with rejecting(source.name, lambda _, problem: _unreadable(source, file, problem)):
        return _opened(source, file, limits)


def _opened(source: SourceFormat, file: SourceFile, limits: Limits) -> tuple[ImageFile, Header]:
    stream = file.stream
    if source.access is Access.BACK_AND_FORTH:
        getattr(stream, "hold_everything", _nothing)()
    stream.seek(0)
    if expected := source.expect(file):
        limits.check(expected)
    stream.seek(0)
    if source.access is Access.WHOLE:
        getattr(stream, "release_behind", _nothing)()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about odd metadata, which is not kept
        image = source.open(file)
    limits.check_pixels(Header(source.name, image.mode, *image.size))
    header = source.describe(image, file)
    limits.check(header)
    return image, header


def _nothing() -> None:
    """Plain files need neither method: all their bytes can be read again."""


def after_pixels(image: ImageFile, header: Header, limits: Limits) -> Header:
    """Complete the header with metadata after the pixels, once these have been decoded.

    Raises the same as `Limits.check`: a picture that must be turned may have larger renditions.
    """
    completed = SOURCES[header.format].after_pixels(image, header)
    if completed != header:
        limits.check(completed)
    return completed


def _unreadable(source: SourceFormat, file: SourceFile, problem: Exception) -> Rejected:
    """The rejection of a file that Pillow could not open: `truncated` if its parser stopped at the file's end."""
    position, size = file.stream.tell(), file.stream.seek(0, io.SEEK_END)
    if known := source.explain(file, problem):
        return known
    if position >= size and source.access is not Access.WHOLE:
        detail = f"The {title(source.name)} ends within its header, after {size} bytes."
        return Rejected(Reason.TRUNCATED, detail)
    return Rejected(Reason.CORRUPT, f"The {title(source.name)}'s header cannot be read: its data is damaged.")
