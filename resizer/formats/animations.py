"""How many frames an image has, counted no further than its pixel budget goes."""

from __future__ import annotations

import io
import struct
from typing import IO, TYPE_CHECKING, Final

from resizer.errors import Reason, Rejected

if TYPE_CHECKING:
    from PIL.ImageFile import ImageFile

# Formats whose further frames are an animation; in the others they are pages, of which the first is the image.
ANIMATED: Final = frozenset({"GIF", "PNG", "WEBP"})
# A frame costs some work however small it is, which pixels do not count: ten minutes of film have fewer.
MOST_FRAMES: Final = 20_000

EXTENSION, IMAGE, COMMENT = 0x21, 0x2C, 0xFE
MOST_COMMENTS: Final = 1_048_576  # bytes, in all; Pillow keeps them piece by piece
# Sub-blocks hold up to 255 bytes and encoders fill them; each costs a step. XMP is stored in odd ones, up to this many.
SPARE_BLOCKS: Final = 100_000
BYTES_PER_BLOCK: Final = 32


def count_frames(image: ImageFile, format_: str, max_pixels: int) -> int:
    """The number of frames; at least one, and at most one more than `max_pixels` or `MOST_FRAMES` allows.

    The picture that a PNG holds for viewers without animation is none of them.
    """
    if format_ not in ANIMATED:
        return 1
    allowed = min(max_pixels // max(image.width * image.height, 1), MOST_FRAMES) + 1
    return min(getattr(image, "n_frames", 1) - getattr(image, "default_image", False), allowed)


def count_gif_frames(stream: IO[bytes], max_pixels: int) -> int:
    """The number of a GIF's frames, as `count_frames`, before a decoder has seen it; the stream ends where it began.

    Walks the blocks (GIF89a, section "Grammar") without decoding one. Raises `Rejected`: `truncated` or `corrupt`
    where there is no frame, or one that lies outside of the picture, or more of anything else than honest files have.
    """
    before = stream.tell()
    try:
        stream.seek(6)
        return _walk(stream, max_pixels)
    except struct.error:
        raise Rejected(Reason.TRUNCATED, "The GIF ends within its first frame's header.") from None
    finally:
        stream.seek(before)


def _walk(stream: IO[bytes], max_pixels: int) -> int:
    screen = struct.unpack("<HH", stream.read(4))
    _skip_palette(stream, between=2)  # background colour and aspect ratio come first
    frames = comments = blocks = 0
    while kind := stream.read(1):
        if kind[0] == IMAGE:
            screen = _grown(screen, stream.read(8), first=not frames)
            _skip_palette(stream, between=0)
            frames += 1
            if frames > MOST_FRAMES or frames * screen[0] * screen[1] > max_pixels:
                break
            stream.seek(1, io.SEEK_CUR)  # the LZW code size
        elif kind[0] == EXTENSION:
            label = stream.read(1)
        else:  # the trailer, or what no block begins with: as browsers do, take the file for ended
            break
        begin = stream.tell()
        while (length := stream.read(1)) and length[0]:
            stream.seek(length[0], io.SEEK_CUR)
            blocks += 1
        comments += stream.tell() - begin if kind[0] == EXTENSION and label[:1] == bytes([COMMENT]) else 0
        if comments > MOST_COMMENTS or blocks > SPARE_BLOCKS + stream.tell() // BYTES_PER_BLOCK:
            raise Rejected(Reason.CORRUPT, "The GIF has more comments or smaller blocks than any honest one.")
    if frames:
        return frames
    size = stream.seek(0, io.SEEK_END)
    reason = Reason.CORRUPT if kind else Reason.TRUNCATED
    raise Rejected(reason, f"The GIF has no frame in its {size} bytes.")


def _grown(screen: tuple[int, int], place: bytes, *, first: bool) -> tuple[int, int]:
    """The picture's size with a frame in its place: the first may exceed what the header says, as in old files."""
    left, top, width, height = struct.unpack("<4H", place)
    reach = max(screen[0], left + width), max(screen[1], top + height)
    if reach != screen and not first:
        raise Rejected(Reason.CORRUPT, f"A frame of the GIF reaches to {reach} in a picture of {screen} pixels.")
    return reach


def _skip_palette(stream: IO[bytes], between: int) -> None:
    flags = stream.read(1)
    size = 3 << (flags[0] & 7) + 1 if flags and flags[0] & 0x80 else 0
    stream.seek(between + size, io.SEEK_CUR)
