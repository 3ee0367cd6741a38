"""Reads the size and the tiles of a JPEG 2000 codestream (ISO/IEC 15444-1, annex A)."""

import struct
from dataclasses import dataclass
from typing import Final

from resizer.errors import Reason, Rejected
from resizer.formats.base import truncated

START: Final = b"\xff\x4f\xff\x51"  # SOC and SIZ
END: Final = b"\xff\xd9"
SOT: Final = 0xFF90
SIDES_AT, COUNT_AT, COMPONENTS_AT = 8, 40, 42  # offsets in bytes
COMPONENT: Final = ">3B"  # bits less 1, and 128 if signed; pixels for each sample across and down
MAX_SEGMENTS: Final = 200_000  # in the main header, and tile-parts; Pillow reads the former one by one
BYTES_PER_TILE: Final = 12_000  # measured: 10 KB of coding parameters for three components


@dataclass(frozen=True, slots=True)
class Codestream:
    """A codestream's size in pixels, its components, and the bits of the deepest one.

    `decoder_bytes` is the memory for decoding in addition to the picture and the file. `end` is the offset behind the
    last tile, where the end marker may follow; None if tiles or some of their bytes are missing.
    """

    size: tuple[int, int]
    components: int
    bits: int
    decoder_bytes: int
    end: int | None


def read_codestream(data: bytearray, begin: int) -> Codestream:
    """Read the codestream at an offset. Raises `Rejected`: `truncated`, `corrupt` or `unsupported_format`.

    If all components have the same subsampling, its header is changed to a picture with as many pixels as samples:
    Pillow would fail because there are fewer.
    """
    if not START.startswith(data[begin : begin + len(START)]):
        raise Rejected(Reason.CORRUPT, "The JPEG 2000's codestream has no size.")
    try:
        sides = struct.unpack_from(">8I", data, begin + SIDES_AT)
        (count,) = struct.unpack_from(">H", data, begin + COUNT_AT)
        places = range(begin + COMPONENTS_AT, begin + COMPONENTS_AT + 3 * count, 3)
        components = [struct.unpack_from(COMPONENT, data, at) for at in places]
    except struct.error as problem:
        raise truncated("JPEG2000") from problem
    if divided := _divided(sides, {(across, down) for _, across, down in components}):
        sides = divided
        struct.pack_into(">8I", data, begin + SIDES_AT, *sides)
        for at, (depth, _, _) in zip(places, components, strict=True):
            struct.pack_into(COMPONENT, data, at, depth, 1, 1)
    right, bottom, left, top, across, down, first, upper = sides
    width, height = max(right - left, 0), max(bottom - top, 0)
    tiles = max(-((first - right) // max(across, 1)), 0) * max(-((upper - bottom) // max(down, 1)), 0)
    bits = 1 + max((depth & 0x7F for depth, _, _ in components), default=0)
    # OpenJPEG keeps the parameters of every tile, and the 32-bit samples of one tile; Pillow has a copy of that tile.
    one_tile = min(across, width) * min(down, height) * count * (4 + -(-bits // 8))
    return Codestream((width, height), count, bits, BYTES_PER_TILE * tiles + one_tile, _end(data, begin + 2, tiles))


def _divided(sides: tuple[int, ...], steps: set[tuple[int, int]]) -> tuple[int, ...] | None:
    """The sides in samples, not pixels, of a picture whose components have the same subsampling; None for others."""
    if len(steps) != 1 or 0 in (step := steps.pop()):
        return None
    is_tiled = sides[4] < sides[0] or sides[5] < sides[1]
    if is_tiled and any(side % pixels for side, pixels in zip(sides[4:], step * 2, strict=True)):
        raise Rejected(Reason.UNSUPPORTED_FORMAT, "Pillow cannot read a JPEG 2000 with tiles that end within a sample.")
    return tuple(-(-side // pixels) for side, pixels in zip(sides, step * 4, strict=True))


def _end(data: bytearray, at: int, tiles: int) -> int | None:
    """The offset behind the last tile-part; None if the file ends before it, or lacks tiles.

    Raises `Rejected`: `truncated` if the file ends within its header, `corrupt` for too many segments.
    """
    seen = set[int]()
    for _ in range(MAX_SEGMENTS):
        if (marker := int.from_bytes(data[at : at + 2], "big")) == SOT and at + 12 <= len(data):
            number, length = struct.unpack_from(">HI", data, at + 4)
            seen.add(number)
            at = at + length if length else len(data) - len(END) * data.endswith(END)  # 0: up to the end
        elif marker == SOT or seen:
            return at if tiles and len(seen) >= tiles and at <= len(data) else None
        elif at + 4 > len(data):
            raise truncated("JPEG2000")
        else:
            at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    raise Rejected(Reason.CORRUPT, "The JPEG 2000 has too many segments or tile-parts.")
