"""How many frames an image has, counted no further than its pixel budget goes."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING, Final

if TYPE_CHECKING:
    from PIL.ImageFile import ImageFile

# Formats whose further frames are an animation; in the others they are pages, of which the first is the image.
ANIMATED: Final = frozenset({"GIF", "PNG", "WEBP", "AVIF"})
# A frame costs some work however small it is: about what this many pixels cost.
SMALLEST_FRAME: Final = 4096

EXTENSION, IMAGE, TRAILER = 0x21, 0x2C, 0x3B


def count_frames(image: ImageFile, format_: str, stream: IO[bytes], max_pixels: int) -> int:
    """The number of frames; at least one, and at most one more than `max_pixels` allows."""
    if format_ not in ANIMATED:
        return 1
    allowed = max_pixels // pixels_per_frame(image.width, image.height) + 1
    if format_ == "GIF":
        return _gif_frames(stream, allowed)
    return min(getattr(image, "n_frames", 1), allowed)


def pixels_per_frame(width: int, height: int) -> int:
    """What one frame takes of the pixel budget."""
    return max(width * height, SMALLEST_FRAME)


def _gif_frames(stream: IO[bytes], allowed: int) -> int:
    """Walk the blocks of a GIF (GIF89a, section "Grammar") without decoding one; the stream's position is kept."""
    before = stream.tell()
    stream.seek(10)
    _skip_palette(stream, between=2)  # background colour and aspect ratio come first
    frames = 0
    while frames < allowed and (kind := stream.read(1)):
        if kind[0] == IMAGE:
            frames += 1
            stream.seek(8, 1)
            _skip_palette(stream, between=0)
            stream.seek(1, 1)  # the LZW code size
        elif kind[0] == EXTENSION:
            stream.seek(1, 1)
        elif kind[0] == TRAILER:
            break
        else:
            continue
        while (length := stream.read(1)) and length[0]:
            stream.seek(length[0], 1)
    stream.seek(before)
    return max(frames, 1)


def _skip_palette(stream: IO[bytes], between: int) -> None:
    flags = stream.read(1)
    size = 3 << (flags[0] & 7) + 1 if flags and flags[0] & 0x80 else 0
    stream.seek(between + size, 1)
