"""One decode, frame by frame, to pixels in a mode that can be resampled, no larger than needed."""

from __future__ import annotations

from collections import deque
from contextlib import nullcontext
from functools import partial
from typing import TYPE_CHECKING, Final

from PIL import GifImagePlugin, JpegImagePlugin, PngImagePlugin
from PIL.Image import Image

from resizer.decode.bit_depth import eight_bits
from resizer.errors import Reason, Rejected, ResizerError
from resizer.formats.gif_canvas import clear_uncovered
from resizer.formats.jpeg_parts.scale import scale_down
from resizer.formats.jpeg_parts.scans import counting_scans
from resizer.formats.palette import has_few_colours
from resizer.formats.png_end import read_end
from resizer.formats.png_inflate import stored
from resizer.model import Frame
from resizer.planning.geometry import decode_eighths, decoded_size

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from PIL.ImageFile import ImageFile

    from resizer.model import Header

THREADS: Final = 2  # that a decoder starts at the most: AVIF's does
OWN_THREAD: Final = frozenset({"HEIF"})  # so it is told to be decoded, and files can make it take all that it gets


def threads(format_: str) -> int:
    """How many threads the decoder of a format may start."""
    return 0 if format_ in OWN_THREAD else THREADS


# How PNG's grey of 2 and 4 bits becomes one of 8, by Pillow's names for them.
TO_EIGHT_BITS: Final = {"L;2": 85, "L;4": 17}


def decode(
    image: ImageFile, header: Header, widest: int, guard: Callable[[], AbstractContextManager[None]] = nullcontext
) -> Iterator[Frame]:
    """The frames of an opened image in turn: L, RGB, RGBA or CMYK, still lying as stored, each composed whole.

    JPEGs are decoded at 8, 4, 3, 2 or 1 eighths of their size, at least 1.5 times `widest` upright pixels wide where
    they are that large. A frame's pixels may be overwritten by whoever takes them. Decoders run within `guard`,
    which may limit what they take. Raises `Rejected` `truncated`, `corrupt`, or `needs_memory` where there is no more.
    """
    for number in range(header.first_frame, header.first_frame + header.frames):
        try:
            with guard():
                pixels = _frame(image, header, widest, number)
        except ResizerError:
            raise
        except MemoryError as problem:
            raise Rejected(Reason.NEEDS_MEMORY, f"The {header.format} takes more memory than there is.") from problem
        except Exception as problem:  # a decoder of hostile bytes may raise anything
            raise _undecodable(header, problem) from problem
        extent = decoded_size(header, widest) if header.format == "JPEG" else None
        drawn = header.format == "PNG" and header.frames == 1 and has_few_colours(pixels)
        yield Frame(pixels, image.info.get("duration"), drawn, extent)


def _frame(image: ImageFile, header: Header, widest: int, number: int) -> Image:
    first = number == header.first_frame
    if first and isinstance(image, PngImagePlugin.PngImageFile):
        _prepare_png(image, header)
    if header.frames > 1:
        image.seek(number)
    size = (header.width, header.height)
    if image.size != size and (header.format != "TIFF" or image.size != size[::-1]):  # it may be turned when loaded
        raise Rejected(Reason.CORRUPT, f"Frame {number} of the {header.format} is not of the picture's size.")
    if isinstance(image, JpegImagePlugin.JpegImageFile):
        _prepare_jpeg(image, header, widest)
    image.load()
    if isinstance(image, GifImagePlugin.GifImageFile):
        clear_uncovered(image, first=first, animated=header.frames > 1)
    pixels = _resizable(image, header)
    if pixels is not image and header.frames == 1:
        Image.close(image)  # what was converted is as large, and would be kept as long as its file is
    return pixels


def _prepare_jpeg(image: JpegImagePlugin.JpegImageFile, header: Header, widest: int) -> None:
    scale_down(image, decode_eighths(header, widest))
    if image.mode == "CMYK" and "adobe" not in image.info:
        # Pillow takes every CMYK JPEG for one of Adobe's, which are stored inverted.
        image.tile = [image.tile[0]._replace(args=("CMYK", ""))]
    # Pillow asks an image's own `load_read` for more, which may hand it more than that.
    image.load_read = getattr(image.fp, "read_on", image.load_read)  # type: ignore[method-assign] # its hook
    if header.several_scans:
        image.load_read = counting_scans(image.load_read)  # type: ignore[method-assign, assignment]


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
    stored, transparent = image.tile[0].args, image.info.get("transparency")
    if stored == "RGB;16B" and isinstance(transparent, tuple):
        image.info["transparency"] = tuple(sample >> 8 for sample in transparent)
    elif stored in TO_EIGHT_BITS and isinstance(transparent, int):
        scale = TO_EIGHT_BITS[stored]
        image.info["transparency"] = (transparent & 255 // scale) * scale


def _resizable(image: ImageFile, header: Header) -> Image:
    if header.frames > 1:
        return image.convert("RGBA")  # always a copy: the decoder goes on composing on its own
    if image.mode in {"I", "F"} or image.mode.startswith("I;16"):
        return eight_bits(image)
    if image.has_transparency_data:
        return image if image.mode == "RGBA" else image.convert("RGBA")
    if image.mode in {"L", "RGB", "CMYK"}:
        return image
    return image.convert("L" if image.mode == "1" else "RGB")


def _undecodable(header: Header, problem: Exception) -> Rejected:
    what = " ".join(str(problem)[:200].split()).rstrip(".") or "damaged"
    if "truncated" in what or "end of file" in what:
        return Rejected(Reason.TRUNCATED, f"The {header.format} ends before its last pixel; upload the whole file.")
    return Rejected(Reason.CORRUPT, f"The {header.format} cannot be decoded: {what}.")
