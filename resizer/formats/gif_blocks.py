"""Walks a GIF's blocks (GIF89a, "Grammar") before decoding: frames, their durations and disposal, and loops."""

import struct
from dataclasses import dataclass
from typing import Final

from resizer.errors import Reason, Rejected
from resizer.formats.base import MAX_FRAMES, SourceFile, exactly
from resizer.formats.canvas import Control, Disposal

EXTENSION, IMAGE = b"!", b","
CONTROL, APPLICATION = 0xF9, 0xFF
LOOPS: Final = (b"NETSCAPE2.0", b"ANIMEXTS1.0")
# Encoders fill sub-blocks up to 255 bytes, and each one takes time. XMP comes in at most this many short ones.
SPARE_BLOCKS: Final = 100_000
BYTES_PER_BLOCK: Final = 32
# By code. Some encoders write 4 instead of 3; 5 to 7 are undefined, and browsers keep such frames.
DISPOSALS: Final = {2: Disposal.CLEAR, 3: Disposal.RESTORE, 4: Disposal.RESTORE}
# The disposal, the transparent colour's number and the duration of a frame without a graphic control extension.
DEFAULT_CONTROL: Final[tuple[Disposal, int | None, float]] = (Disposal.KEEP, None, 0)


@dataclass(frozen=True, slots=True)
class GifFrame:
    """One frame: its palette's RGB values and the transparent one's number, and where its pixels are in the file."""

    control: Control
    transparent: int | None
    palette: bytes
    code_size: int  # LZW's, in bits
    is_interlaced: bool
    span: tuple[int, int]


class GifBlocks:
    """A GIF's content: the size in pixels, the frames, and how often they play (0: for ever).

    The walk ends once the frames exceed `max_pixels` or `MAX_FRAMES`. Raises `Rejected`: `truncated` or `corrupt`
    without a frame, `corrupt` for too many small blocks, `too_many_pixels` if a single frame exceeds `max_pixels`.
    """

    def __init__(self, file: SourceFile) -> None:
        self.stream, self._max_pixels = file.stream, file.max_pixels
        self.frames = list[GifFrame]()
        self.plays = 1
        self._next = DEFAULT_CONTROL
        self._blocks_left = SPARE_BLOCKS + file.size // BYTES_PER_BLOCK
        self.stream.seek(6)
        width, height, flags = struct.unpack("<HHB2x", exactly(self.stream, 7, "GIF"))
        self.size = width, height
        self._palette = self._read_palette(flags)
        self._walk()

    def _walk(self) -> None:
        # As in browsers, the trailer or garbage ends the file.
        while (kind := self.stream.read(1)) in {EXTENSION, IMAGE}:
            if kind == EXTENSION:
                self._extension()
            else:
                self._image()
                if len(self.frames) > min(MAX_FRAMES, self._max_pixels // max(1, self.size[0] * self.size[1])):
                    return
        if not self.frames:
            raise Rejected(Reason.CORRUPT if kind else Reason.TRUNCATED, "The GIF has no frame in it.")

    def _image(self) -> None:
        left, top, width, height, flags = struct.unpack("<4HB", exactly(self.stream, 9, "GIF"))
        if width * height > self._max_pixels:
            detail = f"A frame of the GIF has {width} x {height} pixels; RESIZER_MAX_PIXELS allows {self._max_pixels}."
            raise Rejected(Reason.TOO_MANY_PIXELS, detail)
        if not self.frames:  # in old files the first frame may be larger than the header says
            self.size = max(self.size[0], left + width), max(self.size[1], top + height)
        disposal, transparent, duration = self._next
        control = Control((width, height), (left, top), duration, disposal)
        palette = self._read_palette(flags) or self._palette
        (code_size,) = exactly(self.stream, 1, "GIF")
        begin = self.stream.tell()
        self._skip_sub_blocks()
        span = begin, self.stream.tell()
        self.frames.append(GifFrame(control, transparent, palette, code_size, bool(flags & 0x40), span))
        self._next = DEFAULT_CONTROL

    def _extension(self) -> None:
        (label,) = exactly(self.stream, 1, "GIF")
        data = self._sub_block()
        if label == CONTROL and len(data) >= 4:
            flags, delay, transparent = struct.unpack_from("<BHB", data)
            disposal = DISPOSALS.get(flags >> 2 & 7, Disposal.KEEP)
            self._next = disposal, transparent if flags & 1 else None, delay * 10.0
        elif label == APPLICATION and data in LOOPS:
            data = self._sub_block()
            if len(data) == 3 and data[0] == 1:
                again = int.from_bytes(data[1:], "little")  # the last one counts, as in Chromium
                self.plays = again + 1 if again else 0
        if data:
            self._skip_sub_blocks()

    def _read_palette(self, flags: int) -> bytes:
        """The palette that flags announce; empty if they announce none."""
        return exactly(self.stream, 3 << (flags & 7) + 1, "GIF") if flags & 0x80 else b""

    def _sub_block(self) -> bytes:
        self._blocks_left -= 1
        if self._blocks_left < 0:
            raise Rejected(Reason.CORRUPT, "The GIF has too many small blocks.")
        length = self.stream.read(1)
        return self.stream.read(length[0]) if length else b""

    def _skip_sub_blocks(self) -> None:
        while self._sub_block():
            pass
