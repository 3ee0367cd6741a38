"""Reads the headers of a JPEG 2000 codestream (ISO/IEC 15444-1, annex A), to find how much memory decoding takes.

OpenJPEG allocates a structure for each tile, precinct and code-block before it reads their data, so a hundred bytes
can demand gigabytes: 1000 x 1000 pixels in precincts of 2 x 2 took 1.6 GB and 13 seconds.
"""

from __future__ import annotations

import io
import struct
from typing import IO, TYPE_CHECKING, Final

from resizer.errors import Reason, Rejected

if TYPE_CHECKING:
    from collections.abc import Iterator

CODESTREAM: Final = b"\xff\x4f\xff\x51"
SIZ, COD, COC, SOT, SOD, EOC = 0xFF51, 0xFF52, 0xFF53, 0xFF90, 0xFF93, 0xFFD9
SIZ_HEAD: Final = 36  # bytes of its body before the components, which have a depth and two subsampling factors each
SOT_BODY: Final = 8
STYLE_HEAD: Final = 3  # levels, and the code-blocks' width and height
MAX_BOXES: Final = 1000
MAX_SEGMENTS: Final = 200_000  # in all headers together; each tile-part has at least two
MAX_COMPONENTS: Final = 4
BYTES_PER_TILE: Final = 12_000  # measured: 10 KB of coding parameters for three components
SMALLEST_BLOCK: Final = 64  # pixels; the standard allows 16, at three times the memory
# The limit on precincts: 16 x 16 pixels each, over all resolutions. The lowest resolutions have few pixels anyway.
PIXELS_PER_PRECINCT: Final = 192
SPARE_PRECINCTS: Final = 4096


def check(stream: IO[bytes]) -> tuple[int, int] | None:
    """The size in pixels, None if there is no codestream. Raises `Rejected`: `truncated` or `corrupt`.

    Reads the whole stream first, so that no download is interrupted within OpenJPEG: builds with assertions would end
    the process.
    """
    while stream.read(65_536):
        pass
    stream.seek(0)
    if not _find_codestream(stream):
        return None
    size: tuple[int, int] | None = None
    for marker, body in _segments(stream):
        if marker == SIZ and not size:
            size = _size(body)
        elif marker in {COD, COC} and size:
            # Both end in the style. Before it COD has flags and 4 bytes for all components, COC a channel and flags.
            at = 5 if marker == COD else 2
            if len(body) < at + STYLE_HEAD:
                raise _too_short()
            flags, style = body[0] if marker == COD else body[1], body[at:]
            _check_style(style, size, chosen=bool(flags & 1))
    return size


def decoder_bytes(stream: IO[bytes]) -> int:
    """The decoder's bytes in addition to the picture and the file; 0 if the codestream has no size.

    OpenJPEG keeps the parameters of every tile, and the 32-bit samples of one tile; Pillow has a copy of that tile.
    """
    _, body = _size_segment(stream)
    if not body:
        return 0
    right, bottom, left, top, across, down, _, _, channels = map(int, struct.unpack_from(">8IH", body, 2))
    depth = _depth(body, channels)
    samples = min(across, max(right - left, 0)) * min(down, max(bottom - top, 0)) * channels
    return BYTES_PER_TILE * _tiles(body) + samples * (4 + -(-depth // 8))


def undivided(stream: IO[bytes]) -> tuple[int, bytes] | None:
    """The offset and body of a SIZ segment in samples, not pixels, if all components have the same subsampling.

    Pillow would fail because there are fewer samples than pixels. None if no change is needed.
    """
    at, body = _size_segment(stream)
    if not body:
        return None
    capabilities, *sides, count = struct.unpack_from(">H8IH", body)
    parts = body[SIZ_HEAD : SIZ_HEAD + 3 * count]
    steps = set(zip(parts[1::3], parts[2::3], strict=False))
    if len(steps) != 1 or steps <= {(1, 1)} or 0 in (step := steps.pop()):
        return None
    across, down = sides[4] < sides[0], sides[5] < sides[1]  # whether there is more than one tile
    if any(side % step[number % 2] for number, side in enumerate(sides[2:], 2) if number > 5 or (across or down)):
        return None  # tiles would move
    divided = [-(-side // step[number % 2]) for number, side in enumerate(sides)]
    depths = b"".join(bytes((depth, 1, 1)) for depth in parts[::3])
    return at, struct.pack(">H8IH", capabilities, *divided, count) + depths


def end_of_data(stream: IO[bytes], size: int) -> int | None:
    """The end of the last tile-part in a file of `size` bytes; None if the file is truncated or lacks tiles.

    The end marker (two bytes) may be missing after it.
    """
    _, first = _size_segment(stream)
    tiles, seen, end = _tiles(first) if first else 0, set[int](), 0
    for marker, body in _segments(stream):
        if marker == SOT and len(body) == SOT_BODY:
            number, length = struct.unpack_from(">HI", body)
            seen.add(number)
            end = stream.tell() - 4 - SOT_BODY + length if length else size
            if end > size:
                return None
    return end if tiles and len(seen) >= tiles else None


def sample_bits(stream: IO[bytes]) -> int:
    """The bits of the deepest component; 0 if the codestream has no size."""
    _, body = _size_segment(stream)
    return _depth(body, len(body)) if body else 0


def _size_segment(stream: IO[bytes]) -> tuple[int, bytes]:
    """The offset and body of the first segment; the body is empty if it is not a complete SIZ."""
    stream.seek(0)
    try:
        if not _find_codestream(stream):
            return 0, b""
        at = stream.tell() + 4
        marker, body = next(_segments(stream), (0, b""))
    except Rejected:  # `check` has raised it before
        return 0, b""
    return at, body if marker == SIZ and len(body) >= SIZ_HEAD else b""


def _depth(body: bytes, channels: int) -> int:
    return 1 + max((bits & 0x7F for bits in body[SIZ_HEAD : SIZ_HEAD + 3 * channels : 3]), default=0)


def _tiles(body: bytes) -> int:
    right, bottom, _, _, across, down, first, upper = map(int, struct.unpack_from(">8I", body, 2))
    return max(-((first - right) // max(across, 1)), 0) * max(-((upper - bottom) // max(down, 1)), 0)


def _find_codestream(stream: IO[bytes]) -> bool:
    """Seek to the codestream's first segment: at the start of the file, or in its box (annex I)."""
    if stream.read(2) == CODESTREAM[:2]:
        return True
    stream.seek(0)
    for _ in range(MAX_BOXES):
        length, kind = struct.unpack(">I4s", _exactly(stream, 8))
        taken = 8
        if length == 1:
            (length,) = struct.unpack(">Q", _exactly(stream, 8))
            taken = 16
        if kind == b"jp2c":
            return stream.read(2) == CODESTREAM[:2]
        if length < taken or length >= 1 << 62:  # the last box, or garbage
            return False
        stream.seek(length - taken, io.SEEK_CUR)
    raise _hostile("boxes")


def _segments(stream: IO[bytes]) -> Iterator[tuple[int, bytes]]:
    """The segments of the main header and of every tile-part's header, without the tile data."""
    part_begins = part_length = 0
    for _ in range(MAX_SEGMENTS):
        at = stream.tell()
        start = stream.read(2)
        if len(start) < 2 or (marker := int.from_bytes(start, "big")) == EOC:
            return
        if marker == SOD:
            if not part_length:  # the last part, up to the end
                return
            stream.seek(part_begins + part_length)
            continue
        (length,) = struct.unpack(">H", _exactly(stream, 2))
        body = stream.read(max(length - 2, 0))
        if marker == SOT:
            if len(body) < SOT_BODY:
                raise _too_short()
            part_begins = at
            (part_length,) = struct.unpack_from(">I", body, 2)
        yield marker, body
    raise _hostile("tile-parts")


def _size(body: bytes) -> tuple[int, int]:
    if len(body) < SIZ_HEAD:
        raise _too_short()
    width, height, left, top = struct.unpack_from(">4I", body, 2)
    (components,) = struct.unpack_from(">H", body, 34)
    if not 1 <= components <= MAX_COMPONENTS:
        raise Rejected(Reason.CORRUPT, f"The JPEG 2000 has {components} channels; we read 1 to {MAX_COMPONENTS}.")
    return max(width - left, 0), max(height - top, 0)


def _check_style(style: bytes, size: tuple[int, int], *, chosen: bool) -> None:
    """Check a coding style: decomposition levels, the size of code-blocks, and of precincts if `chosen`."""
    levels, across, down = struct.unpack_from(">3B", style)
    if 1 << (across & 15) + (down & 15) + 4 < SMALLEST_BLOCK:
        raise _hostile("code-blocks")
    if not chosen:
        return
    precincts = 0
    for resolution, exponents in enumerate(style[5 : 5 + levels + 1]):
        scale = levels - resolution
        precincts += (1 + (size[0] >> scale + (exponents & 15))) * (1 + (size[1] >> scale + (exponents >> 4)))
    if precincts > size[0] * size[1] // PIXELS_PER_PRECINCT + SPARE_PRECINCTS:
        raise _hostile("precincts")


def _exactly(stream: IO[bytes], size: int) -> bytes:
    data = stream.read(size)
    if len(data) < size:
        raise Rejected(Reason.TRUNCATED, "The JPEG 2000 ends within its header; upload the whole file.")
    return data


def _too_short() -> Rejected:
    return Rejected(Reason.CORRUPT, "The JPEG 2000's header has a part that is too short.")


def _hostile(what: str) -> Rejected:
    return Rejected(Reason.CORRUPT, f"The JPEG 2000 has too many {what}.")
