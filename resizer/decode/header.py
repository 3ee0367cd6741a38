"""Reads an image's header, and rejects images beyond a limit before they are decoded."""

import warnings
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import cache
from typing import IO

from PIL import Image
from PIL.ImageFile import ImageFile

from resizer.decode.frames import rejecting
from resizer.decode.sniff import SIGNATURE_BYTES, sniff
from resizer.errors import Reason, Rejected
from resizer.formats import SOURCES
from resizer.formats.base import MAX_FRAMES, Access, SourceFile, ask, title
from resizer.memory.plan import MB, memory_needed
from resizer.memory.process import available, return_freed_memory
from resizer.model import Header, RenditionPlan
from resizer.settings import Settings

Image.MAX_IMAGE_PIXELS = None  # `Limits` decides what is too large, not Pillow


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Limits on an image: `max_pixels` of all frames together, and `memory` in bytes beyond what is in use now.

    `memory` None means no limit. `planned` lays out the renditions for a header, `file_size` is in bytes. `reclaim`
    frees cached memory and returns the available bytes.
    """

    max_pixels: int
    planned: Callable[[Header], Sequence[RenditionPlan]]
    file_size: int
    memory: int | None = None
    reclaim: Callable[[], int | None] | None = None

    def check(self, header: Header) -> None:
        """Raise `Rejected`: `too_many_pixels` or `needs_memory`."""
        if header.frames > MAX_FRAMES:
            raise Rejected(Reason.TOO_MANY_PIXELS, f"It has more than {MAX_FRAMES} frames.")
        if header.pixels > self.max_pixels:
            size = f"{header.width} x {header.height}" + (f" x {header.frames} frames" if header.frames > 1 else "")
            detail = f"{size} pixels are more than RESIZER_MAX_PIXELS allows, {self.max_pixels}."
            raise Rejected(Reason.TOO_MANY_PIXELS, detail)
        needed = memory_needed(header, planned=self.planned(header), file_size=self.file_size)
        memory = self.memory
        if memory is not None and needed > memory and self.reclaim:
            memory = self.reclaim()
        if memory is not None and needed > memory:
            detail = (
                f"{header.width} x {header.height} {title(header.format)} takes {needed / MB:.0f} MB to resize, "
                f"{memory / MB:.0f} MB are left; give the function {(needed - memory) / MB:.0f} MB more."
            )
            raise Rejected(Reason.NEEDS_MEMORY, detail)


def limits_for(settings: Settings, file_size: int, planned: Callable[[Header], Sequence[RenditionPlan]]) -> Limits:
    """The limits on an image in this function, with the memory that is available now."""

    @cache
    def reclaim() -> int | None:
        return_freed_memory()
        return available(settings.function_memory)

    return Limits(
        max_pixels=settings.max_pixels,
        planned=planned,
        file_size=file_size,
        memory=available(settings.function_memory),
        reclaim=reclaim,
    )


def open_image(
    stream: IO[bytes],
    limits: Limits,
    warn: Callable[[str], None] = lambda _: None,
    guard: Callable[[], AbstractContextManager[None]] = nullcontext,
) -> tuple[ImageFile, Header]:
    """Read an image's header, but no pixels yet. `warn` gets one sentence for each part that is ignored.

    Parsers run within `guard`, which may limit their memory.

    Raises `Rejected`: `not_an_image`, `unsupported_format`, `heic_not_installed`, `truncated` or `corrupt` if the image
    cannot be read, and the same as `Limits.check`.
    """
    source = SOURCES[sniff(stream.read(SIGNATURE_BYTES))]
    stream.seek(0)
    source.load_library()
    if source.access is Access.BACK_AND_FORTH:
        ask(stream, "hold_everything")
    elif source.access is Access.WHOLE:
        ask(stream, "release_behind")
    file = SourceFile(stream, limits.file_size, limits.max_pixels, limits.check, warn)
    with rejecting(source.name), guard(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # they are about metadata that we do not use
        image: ImageFile = source.open(file)
        header = source.describe(image, file)
    limits.check(header)
    if source.access is Access.FORWARDS:
        ask(stream, "release_behind")
    return image, header


def after_pixels(image: ImageFile, header: Header, limits: Limits) -> Header:
    """Complete the header with metadata after the pixels, once these have been decoded.

    Raises the same as `Limits.check`: a picture that must be turned may have larger renditions.
    """
    completed = SOURCES[header.format].after_pixels(image, header)
    if completed != header:
        limits.check(completed)
    return completed
