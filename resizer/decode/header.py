"""Reads an image's header, and rejects images before decoding."""

from __future__ import annotations

import io
import warnings
from typing import IO, TYPE_CHECKING, Final

from PIL import Image

from resizer.decode.sniff import SIGNATURE_BYTES, sniff
from resizer.decode.wording import plain, title
from resizer.errors import Reason, Rejected, ResizerError, is_our_fault
from resizer.formats import SOURCES
from resizer.formats.base import Access, SourceFile
from resizer.model import Header

if TYPE_CHECKING:
    from collections.abc import Callable

    from PIL.ImageFile import ImageFile

    from resizer.decode.limits import Limits
    from resizer.formats.base import SourceFormat

LOOKAHEAD: Final = 65_536  # bytes; one read fetches them, and encoders put a file's properties there
# `Limits` decides what is too large, not Pillow's warning.
warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)


def _ignore(_: str) -> None:
    """The default for `warn`."""


def is_read_forwards(header: Header) -> bool:
    """Whether the decoder never seeks backwards."""
    return SOURCES[header.format].access is not Access.BACK_AND_FORTH


def open_image(stream: IO[bytes], limits: Limits, warn: Callable[[str], None] = _ignore) -> tuple[ImageFile, Header]:
    """Read an image's header, but no pixels yet. `warn` gets one sentence for each part that is ignored.

    Raises `Rejected`: `not_an_image`, `unsupported_format`, `heic_not_installed`, `truncated` or `corrupt` if the image
    cannot be read, and the same as `Limits.check`.
    """
    start = stream.read(SIGNATURE_BYTES)
    source = SOURCES[sniff(start)]
    if source.access is Access.WHOLE:
        start += stream.read(LOOKAHEAD - len(start))
    file = SourceFile(stream=stream, start=start, size=limits.file_size, max_pixels=limits.max_pixels, warn=warn)
    try:
        return _opened(source, file, limits)
    except ResizerError:
        raise
    except Image.DecompressionBombError as problem:
        detail = f"{str(problem).split(' exceeds')[0]} exceeds RESIZER_MAX_PIXELS, {limits.max_pixels}."
        raise Rejected(Reason.TOO_MANY_PIXELS, detail) from problem
    except MemoryError as problem:
        detail = f"The {title(source.name)}'s header takes more memory than there is."
        raise Rejected(Reason.NEEDS_MEMORY, detail) from problem
    except Exception as problem:  # a parser of hostile bytes may raise anything
        if is_our_fault(problem):
            raise
        raise _unreadable(source, file, problem) from problem


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
    # Pillow refuses twice this; some sizes only its decoders see.
    Image.MAX_IMAGE_PIXELS = max(1, (limits.max_pixels + 1) // 2)
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
    """Decide between `truncated` and `corrupt`: by where the parser stopped."""
    position, size = file.stream.tell(), file.stream.seek(0, io.SEEK_END)
    if known := source.explain(file, problem):
        return known
    name = title(source.name)
    if position >= size and source.access is not Access.WHOLE:
        return Rejected(Reason.TRUNCATED, f"The {name} ends within its header, after {size} bytes.")
    return Rejected(Reason.CORRUPT, f"The {name}'s header cannot be read: {plain(problem)}.")
