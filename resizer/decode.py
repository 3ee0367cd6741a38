"""One decode, frame by frame, to pixels in a mode that can be resampled, no larger than needed."""

from __future__ import annotations

import struct
from collections import deque
from contextlib import nullcontext, suppress
from functools import partial
from typing import TYPE_CHECKING, Final, cast

from PIL import JpegImagePlugin, PngImagePlugin

from resizer.errors import Reason, Rejected, ResizerError
from resizer.jpeg_scans import counting_scans
from resizer.model import Frame
from resizer.sizes import decode_width

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from PIL.Image import Image
    from PIL.ImageFile import ImageFile

    from resizer.model import Header

THREADS: Final = 2  # that a decoder starts at the most: AVIF's does
OWN_THREAD: Final = frozenset({"HEIF"})  # so it is told to be decoded, and files can make it take all that it gets


def threads(format_: str) -> int:
    """How many threads the decoder of a format may start."""
    return 0 if format_ in OWN_THREAD else THREADS


# Of a PNG behind its pixels, where text may stand before the EXIF, and colour profiles may not.
CHUNKS_BEHIND: Final = 16
LONGEST_BEHIND: Final = 65_536  # bytes of one


def decode(
    image: ImageFile, header: Header, widest: int, guard: Callable[[], AbstractContextManager[None]] = nullcontext
) -> Iterator[Frame]:
    """The frames of an opened image in turn: L, RGB, RGBA or CMYK, still lying as stored, each composed whole.

    JPEGs are decoded at 1/1, 1/2, 1/4 or 1/8 of their size, at least 1.5 times `widest` upright pixels wide
    where they are that large. A frame's pixels may be overwritten by whoever takes them. Decoders run within `guard`,
    which may limit what they take. Raises `Rejected` `truncated`, `corrupt`, or `needs_memory` where there is no more.
    """
    for number in range(header.frames):
        try:
            with guard():
                pixels = _frame(image, header, widest, number)
        except ResizerError:
            raise
        except MemoryError as problem:
            raise Rejected(Reason.NEEDS_MEMORY, f"The {header.format} takes more memory than there is.") from problem
        except Exception as problem:  # a decoder of hostile bytes may raise anything
            raise _undecodable(header, problem) from problem
        yield Frame(pixels, image.info.get("duration"))


def _frame(image: ImageFile, header: Header, widest: int, number: int) -> Image:
    if header.frames > 1:
        image.seek(number)
    if image.size != (header.width, header.height):
        raise Rejected(Reason.CORRUPT, f"Frame {number} of the {header.format} is not of the picture's size.")
    _prepare(image, header, widest)
    image.load()
    return _resizable(image, header)


def _prepare(image: ImageFile, header: Header, widest: int) -> None:
    if isinstance(image, JpegImagePlugin.JpegImageFile):
        wanted = decode_width(widest)
        # Pillow keeps both sides at least this long; 1 leaves the choice to the side that becomes the width.
        if header.scalable:
            image.draft(None, (1, wanted) if header.orientation >= 5 else (wanted, 1))
        if image.mode == "CMYK" and "adobe" not in image.info:
            # Pillow takes every CMYK JPEG for one of Adobe's, which are stored inverted.
            image.tile = [image.tile[0]._replace(args=("CMYK", ""))]
        if header.several_scans:
            image.load_read = counting_scans(image.load_read)  # type: ignore[method-assign, assignment]
    elif isinstance(image, PngImagePlugin.PngImageFile):
        image.private_chunks = deque(maxlen=0)  # type: ignore[assignment] # there may be millions, and none is kept
        if header.frames == 1:
            # What follows the pixels may be as long as it likes.
            image.load_end = partial(_look_behind, image)  # type: ignore[method-assign]


def _look_behind(image: PngImagePlugin.PngImageFile) -> None:
    """Take EXIF from behind the pixels, where the PNG specification (11.3.2.1) allows it, and look no further."""
    rest: int = image._PngImageFile__idat  # type: ignore[attr-defined] # noqa: SLF001 # of the pixels' own chunk
    if "exif" in image.info or rest > LONGEST_BEHIND or not image.png or not image.fp:
        return
    with suppress(struct.error, SyntaxError, OSError):  # the file ends here, or what follows is no chunk
        for _ in range(CHUNKS_BEHIND):
            image.fp.read(rest + 4)  # with its check sum
            kind, position, rest = image.png.read()
            if kind == b"IEND" or rest > LONGEST_BEHIND:
                return
            if kind == b"eXIf":
                image.png.call(kind, position, rest)
                return


def _resizable(image: ImageFile, header: Header) -> Image:
    if header.frames > 1:
        return image.convert("RGBA")  # always a copy: the decoder goes on composing on its own
    if image.mode in {"I", "F"} or image.mode.startswith("I;16"):
        return _eight_bits(image)
    if image.has_transparency_data:
        return image if image.mode == "RGBA" else image.convert("RGBA")
    if image.mode in {"L", "RGB", "CMYK"}:
        return image
    return image.convert("L" if image.mode == "1" else "RGB")


def _eight_bits(image: Image) -> Image:
    """Scaled to 8 bits, where Pillow's own conversion clips.

    16-bit samples over their whole range; floats from 0 to 1 over that range; whatever goes beyond either, from its
    lowest to its highest value.
    """
    if image.mode.startswith("I;16"):
        scaled = image.convert("I").point([sample >> 8 for sample in range(65_536)], "L")
        return _without(image, image.info.get("transparency"), scaled)
    low, high = cast("tuple[float, float]", image.getextrema())
    if image.mode == "F" and low >= 0 and high <= 1:
        low, high = 0, 1
    elif image.mode == "I" and low >= 0 and high <= 65_535:
        low, high = 0, 65_535
    scale = 255 / ((high - low) or 1)
    offset = 0.5 - low * scale if image.mode == "F" else -low * scale
    return image.point(lambda value: value * scale + offset).convert("L")


def _without(image: Image, transparent: object, scaled: Image) -> Image:
    """The scaled picture, clear where the 16-bit one has its transparent value."""
    if not isinstance(transparent, int):
        return scaled
    scaled = scaled.convert("RGBA")
    scaled.putalpha(image.convert("I").point([255 * (sample != transparent) for sample in range(65_536)], "L"))
    return scaled


def _undecodable(header: Header, problem: Exception) -> Rejected:
    what = " ".join(str(problem)[:200].split()).rstrip(".") or "damaged"
    if "truncated" in what or "end of file" in what:
        return Rejected(Reason.TRUNCATED, f"The {header.format} ends before its last pixel: {what}.")
    return Rejected(Reason.CORRUPT, f"The {header.format} cannot be decoded: {what}.")
