"""Decodes an image frame by frame to pixels that can be resized; decoder errors become rejections."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import replace
from typing import Final

from PIL.Image import Image
from PIL.ImageFile import ImageFile

from resizer import deadline
from resizer.errors import Reason, Rejected, ResizerError, is_our_fault
from resizer.formats import SOURCES
from resizer.formats.base import title, truncated
from resizer.formats.bit_depth import deep_grey
from resizer.model import Frame, Header

# Pillow, pillow-heif and their libraries use these words in errors about files that end early.
EARLY_END: Final = ("truncated", "end of file", "not enough image data")


@contextmanager
def rejecting(format_: str) -> Iterator[None]:
    """Turn any error of a parser or decoder into `Rejected`, except for our own bugs."""
    try:
        yield
    except ResizerError:
        raise
    except MemoryError as problem:
        raise Rejected(
            Reason.NEEDS_MEMORY, f"The {title(format_)} needs more memory than the function has."
        ) from problem
    except Exception as problem:
        if is_our_fault(problem):
            raise
        if any(words in str(problem).lower() for words in EARLY_END):
            raise truncated(format_) from problem
        detail = f"The {title(format_)} cannot be decoded: its data is damaged."
        raise Rejected(Reason.CORRUPT, detail) from problem


def decode(
    image: ImageFile,
    header: Header,
    wanted: tuple[int, int],
    guard: Callable[[], AbstractContextManager[None]] = nullcontext,
) -> Iterator[Frame]:
    """Decode the frames of an opened image in turn, each complete and not yet turned upright: L, RGB, RGBA or CMYK.

    `wanted` is the size in pixels, as stored, of the whole picture in its largest rendition: JPEGs are decoded at 1/2,
    1/4 or 1/8 of their size if each side then still has `OVERSAMPLING` times as many pixels. The caller may overwrite
    a frame's pixels. Decoders run within `guard`, which may limit their memory. Raises `Rejected` `truncated`,
    `corrupt`, or `needs_memory` if memory runs out. Raises `OutOfTime`.
    """
    source = SOURCES[header.format]
    frames, divisor = source.frames(image), source.scale(header, wanted)
    exact = header.width / divisor, header.height / divisor  # the decoder rounds sides up
    if divisor > 1:  # draft takes the next larger scale unless the size is rounded down
        image.draft(None, (header.width // divisor, header.height // divisor))
    while True:
        deadline.need()
        with rejecting(header.format), guard():
            frame = next(frames, None)
            if frame is None:
                return
            pixels = _resizable(frame.pixels)
        if pixels is not frame.pixels and header.frames == 1:
            Image.close(frame.pixels)  # frees the unconverted pixels, which the file would keep
        yield replace(frame, pixels=pixels, crop_box=exact)
        del frame, pixels  # frees them before the next is made


def _resizable(pixels: Image) -> Image:
    if pixels.mode in {"I", "F"} or pixels.mode.startswith("I;16"):
        return deep_grey(pixels)
    if pixels.has_transparency_data:
        return pixels if pixels.mode == "RGBA" else pixels.convert("RGBA")
    if pixels.mode in {"L", "RGB", "CMYK"}:
        return pixels
    return pixels.convert("L" if pixels.mode == "1" else "RGB")
