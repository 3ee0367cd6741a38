"""Reads the size and the tiles of a JPEG 2000 codestream (ISO/IEC 15444-1, annex A)."""

from __future__ import annotations

import struct
from dataclasses import dataclass, replace
from typing import Final

from resizer.errors import Reason, Rejected

START: Final = b"\xff\x4f\xff\x51"  # SOC, then SIZ
SIZ: Final = ">H8IH"  # SIZ without marker and length, then three bytes for each component
SIZ_AT: Final = 6  # bytes from the start
SOT: Final = 0xFF90
END: Final = b"\xff\xd9"
MAX_SEGMENTS: Final = 200_000  # in the main header, and tile-parts; Pillow reads the former one by one
BYTES_PER_TILE: Final = 12_000  # measured: 10 KB of coding parameters for three components


@dataclass(frozen=True, slots=True)
class Codestream:
    """A codestream's SIZ segment, and the offset of its end, None if tiles are missing.

    `sides` are in pixels: the picture's right, bottom, left and top, and the tiles' width, height, left and top.
    `components` have their depth in bits less 1 (and 128 if signed), and the pixels per sample across and down.
    """

    capabilities: int
    sides: tuple[int, ...]
    components: tuple[tuple[int, ...], ...]
    end: int | None

    @property
    def bits(self) -> int:
        """The bits of the deepest component."""
        return 1 + max((depth & 0x7F for depth, *_ in self.components), default=0)

    @property
    def tiles(self) -> int:
        """The number of tiles."""
        right, bottom, _, _, across, down, left, top = self.sides
        return max(-((left - right) // max(across, 1)), 0) * max(-((top - bottom) // max(down, 1)), 0)

    @property
    def decoder_bytes(self) -> int:
        """Memory that decoding takes in addition to the picture and the file.

        OpenJPEG keeps the parameters of every tile, and the 32-bit samples of one tile; Pillow has a copy of that tile.
        """
        right, bottom, left, top, across, down, *_ = self.sides
        samples = min(across, max(right - left, 0)) * min(down, max(bottom - top, 0)) * len(self.components)
        return BYTES_PER_TILE * self.tiles + samples * (4 + -(-self.bits // 8))

    @property
    def siz(self) -> bytes:
        """The SIZ segment without marker and length."""
        head = struct.pack(SIZ, self.capabilities, *self.sides, len(self.components))
        return head + b"".join(map(bytes, self.components))

    def undivided(self) -> Codestream:
        """The same in samples instead of pixels, if all components have the same subsampling.

        Pillow would fail because there are fewer samples than pixels.
        """
        steps = {(across, down) for _, across, down in self.components}
        if len(steps) != 1 or 0 in (step := steps.pop() * 4):
            return self
        pairs = list(zip(self.sides, step, strict=True))
        if self.tiles > 1 and any(side % pixels for side, pixels in pairs[4:]):
            return self  # the tiles would move
        whole = tuple((depth, 1, 1) for depth, *_ in self.components)
        return replace(self, sides=tuple(-(-side // pixels) for side, pixels in pairs), components=whole)


def read_codestream(data: bytes, begin: int) -> Codestream:
    """Read the codestream at an offset. Raises `Rejected`: `truncated` or `corrupt`."""
    if not data.startswith(START, begin):
        raise Rejected(Reason.CORRUPT, "The JPEG 2000's codestream has no size.")
    try:
        capabilities, *sides, count = struct.unpack_from(SIZ, data, begin + SIZ_AT)
        components = struct.unpack_from(f"{3 * count}B", data, begin + SIZ_AT + struct.calcsize(SIZ))
    except struct.error as problem:
        raise Rejected(Reason.TRUNCATED, "The JPEG 2000 ends within its header; upload the whole file.") from problem
    in_threes = tuple(components[at : at + 3] for at in range(0, 3 * count, 3))
    found = Codestream(capabilities, tuple(sides), in_threes, None)
    return replace(found, end=_end(data, begin + 2, found.tiles))


def _end(data: bytes, at: int, tiles: int) -> int | None:
    """The offset behind the last tile-part, where the end marker may follow; None if tiles or their bytes are missing.

    Raises `Rejected` `corrupt`.
    """
    seen = set[int]()
    for _ in range(MAX_SEGMENTS):
        if (marker := int.from_bytes(data[at : at + 2], "big")) == SOT and at + 12 <= len(data):
            number, length = struct.unpack_from(">HI", data, at + 4)
            seen.add(number)
            at = at + length if length else len(data.removesuffix(END))  # the last part, up to the end
        elif marker == SOT or seen or at >= len(data):
            return at if tiles and len(seen) >= tiles and at <= len(data) else None
        else:
            at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    raise Rejected(Reason.CORRUPT, "The JPEG 2000 has too many segments or tile-parts.")
