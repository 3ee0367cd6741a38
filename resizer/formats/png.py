"""Reads PNGs, and composes the frames of animated ones as browsers do.

We walk the chunks and hand Pillow a plain PNG of those that are right. Pillow alone would refuse pictures with a
damaged optional chunk, keep everything after the pixels in memory, and blend animations differently from browsers.
"""

import struct
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from itertools import islice
from typing import ClassVar, Final

from resizer.errors import Reason, Rejected
from resizer.formats.base import SourceFile, SourceFormat, ask, truncated
from resizer.formats.canvas import Canvas, Control, Disposal, composed
from resizer.formats.orientation import exif_orientation
from resizer.formats.png_chunks import DATA
from resizer.formats.png_file import OpenedPng
from resizer.formats.png_save import has_few_colours
from resizer.model import Frame, Header

FCTL: Final = struct.Struct(">4s4I2H2B")
DISPOSALS: Final = (Disposal.KEEP, Disposal.CLEAR, Disposal.RESTORE)
OVER: Final = 1
# Limits after the pixels: only EXIF, XMP and texts are useful there.
MAX_BEHIND: Final = 16  # chunks, or pieces of more pixels
MAX_BYTES_BEHIND: Final = 65_536  # of one chunk
COPIES: Final = 5  # of a chunk in memory while Pillow reads it, measured with a profile of 4 MB


class PngSource(SourceFormat[OpenedPng]):
    """Reads PNGs and animated PNGs (PNG specification, third edition) as browsers show them."""

    name: ClassVar[str] = "PNG"
    threads: ClassVar[int] = 0

    def open(self, file: SourceFile) -> OpenedPng:
        ask(file.stream, "release_behind")  # metadata may be larger than memory, and is never read again
        return OpenedPng(file.stream, file.warn)

    def describe(self, image: OpenedPng, file: SourceFile) -> Header:
        kept = COPIES * sum(len(value) for value in image.info.values() if isinstance(value, bytes))
        header = replace(super().describe(image, file), buffered_bytes=kept, code_points=image.code_points)
        if image.has_frames:
            return composed(header, frames=image.announced, plays=image.plays, transparent=not image.control)
        if image.deep_colour:  # the compressed pixels, and both bytes of each sample
            return replace(header, buffered_bytes=kept + file.size + 12 * header.pixels)
        return header

    def frames(self, image: OpenedPng) -> Iterator[Frame]:
        if image.has_frames:
            yield from animation(image)
        else:
            pixels = image.decoded(image.size, image.chunks.pixels())
            yield Frame(pixels, few_colours=has_few_colours(pixels))

    def after_pixels(self, image: OpenedPng, header: Header) -> Header:
        """Add EXIF, XMP and texts after the pixels."""
        if image.has_frames:
            return header
        chunks = image.chunks
        if chunks.kind == b"IDAT":  # pixels after the last row
            deque(islice(chunks.pixels(), MAX_BEHIND), maxlen=0)
        for _ in range(MAX_BEHIND):
            if not chunks.kind or chunks.left > MAX_BYTES_BEHIND:
                break
            if chunks.kind == b"IEND":
                chunks.body(MAX_BYTES_BEHIND)
                break
            with suppress(Rejected):  # the file may end early here
                image.read_optional()
            chunks.advance()
        return replace(header, orientation=exif_orientation(image.info.get("exif")))


def animation(png: OpenedPng) -> Iterator[Frame]:
    """The frames of an animation whose `chunks` are at its first IDAT.

    As in Chromium, a damaged or impossible fcTL ends the animation. Raises `Rejected`: `truncated` if the file ends
    before its last frame, `corrupt` if there is no frame, or if pixels have a wrong checksum.
    """
    canvas, made = Canvas(png.size), 0
    if not png.control:  # this picture is only for viewers without animation
        deque(png.chunks.pixels(), maxlen=0)
        _go_to_frame(png)
    while made < png.announced and (control := _control(png)):
        compressed = png.chunks.pixels()
        pixels = png.decoded(control.size, compressed)
        deque(compressed, maxlen=0)  # to the next chunk
        drawn = canvas.draw(pixels, control)
        del pixels
        made += 1
        yield Frame(drawn, control.duration)
        if made < png.announced:
            _go_to_frame(png)
    if not made:
        raise Rejected(Reason.CORRUPT, "The PNG is an animation without frames.")
    if png.chunks.kind == b"IEND":
        png.chunks.body(0)
    if made < png.announced:
        png.warn(f"The PNG has {made} of the {png.announced} frames that it announces.")


def _go_to_frame(png: OpenedPng) -> None:
    """Go to the next frame's pixels and keep its control, or go to the end."""
    png.control = b""
    while png.chunks.kind != b"fdAT" and not png.chunks.is_needed:
        if not png.chunks.kind:
            raise truncated("PNG")
        if png.chunks.kind == b"fcTL":
            png.read_optional()
        else:
            png.chunks.is_right()
        png.chunks.advance()


def _control(png: OpenedPng) -> Control | None:
    """The control of the frame whose pixels are next; None if it is missing or impossible."""
    if len(png.control) != FCTL.size or png.chunks.kind not in DATA:
        return None
    number, width, height, left, top, delay, parts, disposal, blend = FCTL.unpack(png.control)
    inside = 0 < width <= png.size[0] - left and 0 < height <= png.size[1] - top
    covers = png.chunks.kind == b"fdAT" or (width, height) == png.size  # the first frame must
    if not (png.chunks.is_next(number) and inside and covers and disposal < len(DISPOSALS) and blend <= OVER):
        return None
    duration = 1000 * delay / (parts or 100)  # by the specification, a denominator of 0 means 100
    return Control((width, height), (left, top), duration, DISPOSALS[disposal], over=blend == OVER)
