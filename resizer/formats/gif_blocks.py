"""Walks a GIF's blocks (GIF89a, "Grammar") before decoding: frames, their durations and disposal, and loops."""

from __future__ import annotations

import io
import struct
from dataclasses import dataclass, field
from typing import IO, Final

from resizer.errors import Reason, Rejected
from resizer.formats.canvas import Disposal

EXTENSION, IMAGE = 0x21, 0x2C
CONTROL, COMMENT, APPLICATION = 0xF9, 0xFE, 0xFF
LOOPS: Final = (b"NETSCAPE2.0", b"ANIMEXTS1.0")
MAX_FRAMES: Final = 20_000  # ten minutes of film have fewer; every frame costs work, however small it is
MAX_COMMENTS: Final = 1_048_576  # bytes, in total
# Sub-blocks have up to 255 bytes and encoders fill them; each costs a step. XMP comes in short ones, up to this many.
SPARE_BLOCKS: Final = 100_000
BYTES_PER_BLOCK: Final = 32
# By code. Some encoders write 4 instead of 3; 5 to 7 are undefined, and browsers keep such frames.
DISPOSALS: Final = {2: Disposal.CLEAR, 3: Disposal.RESTORE, 4: Disposal.RESTORE}


@dataclass(frozen=True, slots=True)
class Control:
    """A graphic control extension, about the next frame: `duration` is in milliseconds."""

    disposal: Disposal = Disposal.KEEP
    transparent: int | None = None
    duration: float = 0


@dataclass(frozen=True, slots=True)
class GifFrame:
    """One frame: its place and size in pixels; `begin` and `end` are the offsets of its pixels in the file."""

    place: tuple[int, int]
    size: tuple[int, int]
    control: Control
    interlaced: bool
    palette: tuple[int, int] | None  # its own: offset and size in bytes
    begin: int
    end: int

    @property
    def reach(self) -> tuple[int, int]:
        """The column and the row after its last ones."""
        return self.place[0] + self.size[0], self.place[1] + self.size[1]


@dataclass(slots=True)
class GifBlocks:
    """A GIF's content. `plays` is how often it plays (0: for ever), `size` is in pixels."""

    size: tuple[int, int]
    palette: tuple[int, int] | None = None
    plays: int = 1
    frames: list[GifFrame] = field(default_factory=list)


def read_blocks(stream: IO[bytes], max_pixels: int) -> GifBlocks:
    """Walk the blocks, and stop once the frames exceed `max_pixels` or `MAX_FRAMES`.

    Raises `Rejected`: `truncated` or `corrupt` if there is no frame, `corrupt` for too many comments or small blocks,
    `too_many_pixels` if a single frame exceeds `max_pixels`.
    """
    stream.seek(6)
    blocks = GifBlocks(struct.unpack("<HH", _exactly(stream, 4)))
    blocks.palette = _palette(stream, between=2)  # background colour and aspect ratio come first
    _Walk(stream, blocks, max_pixels).walk()
    return blocks


class _Walk:
    def __init__(self, stream: IO[bytes], blocks: GifBlocks, max_pixels: int) -> None:
        self._stream, self._found, self._max_pixels = stream, blocks, max_pixels
        self._control = Control()
        self._comments = self._blocks = 0

    def walk(self) -> None:
        found = self._found
        while kind := self._stream.read(1):
            if kind[0] == IMAGE:
                self._image()
                if (
                    len(found.frames) > MAX_FRAMES
                    or len(found.frames) * found.size[0] * found.size[1] > self._max_pixels
                ):
                    return
            elif kind[0] == EXTENSION:
                self._extension(_exactly(self._stream, 1)[0])
            else:  # the trailer or garbage: like browsers, treat it as the file's end
                break
            if self._blocks > SPARE_BLOCKS + self._stream.tell() // BYTES_PER_BLOCK or self._comments > MAX_COMMENTS:
                raise Rejected(Reason.CORRUPT, "The GIF has too many comments or small blocks.")
        if not found.frames or not all(found.size):
            size = self._stream.seek(0, io.SEEK_END)
            raise Rejected(Reason.CORRUPT if kind else Reason.TRUNCATED, f"The GIF has no frame in its {size} bytes.")

    def _image(self) -> None:
        left, top, width, height = struct.unpack("<4H", _exactly(self._stream, 8))
        if width * height > self._max_pixels:
            detail = f"A frame of the GIF has {width} x {height} pixels; RESIZER_MAX_PIXELS allows {self._max_pixels}."
            raise Rejected(Reason.TOO_MANY_PIXELS, detail)
        if not self._found.frames:  # in old files the first frame may be larger than the header says
            size = self._found.size
            self._found.size = max(size[0], left + width), max(size[1], top + height)
        flags = _exactly(self._stream, 1)
        palette = _palette(self._stream, flags=flags)
        begin = self._stream.tell()
        self._stream.seek(1, io.SEEK_CUR)  # the LZW code size
        self._sub_blocks()
        frame = GifFrame(
            (left, top), (width, height), self._control, bool(flags[0] & 0x40), palette, begin, self._stream.tell()
        )
        self._found.frames.append(frame)
        self._control = Control()

    def _extension(self, label: int) -> None:
        begin = self._stream.tell()
        first = self._sub_block()
        if label == CONTROL and len(first) >= 4:
            flags, delay, transparent = struct.unpack_from("<BHB", first)
            disposal = DISPOSALS.get(flags >> 2 & 7, Disposal.KEEP)
            self._control = Control(disposal, transparent if flags & 1 else None, delay * 10.0)
        elif label == APPLICATION and first in LOOPS:
            loop = self._sub_block()
            if len(loop) == 3 and loop[0] == 1:
                again = int.from_bytes(loop[1:], "little")  # the last one counts, as in Chromium
                self._found.plays = again + 1 if again else 0
            if not loop:
                return
        if first:
            self._sub_blocks()
        if label == COMMENT:
            self._comments += self._stream.tell() - begin

    def _sub_block(self) -> bytes:
        length = self._stream.read(1)
        self._blocks += 1
        return self._stream.read(length[0]) if length else b""

    def _sub_blocks(self) -> None:
        while (length := self._stream.read(1)) and length[0]:
            self._stream.seek(length[0], io.SEEK_CUR)
            self._blocks += 1


def _exactly(stream: IO[bytes], size: int) -> bytes:
    data = stream.read(size)
    if len(data) < size:
        raise Rejected(Reason.TRUNCATED, "The GIF ends within the header of a frame.")
    return data


def _palette(stream: IO[bytes], *, between: int = 0, flags: bytes = b"") -> tuple[int, int] | None:
    """A palette's offset and size in bytes, None if the flags announce none; moves the stream past it."""
    flags = flags or _exactly(stream, 1)
    begin = stream.seek(between, io.SEEK_CUR)
    if not flags[0] & 0x80:
        return None
    size = 3 << (flags[0] & 7) + 1
    stream.seek(size, io.SEEK_CUR)
    return begin, size
