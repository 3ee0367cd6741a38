"""How often an AVIF animation plays: Pillow has libavif write that it plays for ever, whatever is asked."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

HEAD: Final = 8  # bytes of a box before its content: its size and its kind
CONTAINERS: Final = frozenset({b"moov", b"trak", b"edts"})
# Where boxes of version 1, as libavif writes them, have a duration. ISO/IEC 14496-12: 8.2.2, 8.3.2 and 8.6.6.
WHOLE: Final = {b"mvhd": 32, b"tkhd": 36}
ONCE: Final = 16  # in an edit list


def with_plays(file: bytes, plays: int) -> bytes:
    """An animation written by libavif, to play so often instead of for ever, which 0 leaves it at.

    The tracks' edit lists repeat until the whole duration is over (AV1 Image File Format, 1.1, section 3): it becomes
    so many times that of all frames.
    """
    boxes = list(_boxes(file, 0, len(file))) if plays else []
    patched = bytearray(file)
    once = next((struct.unpack_from(">Q", file, at + ONCE)[0] for kind, at in boxes if kind == b"elst"), 0)
    for kind, at in boxes:
        if kind in WHOLE:
            struct.pack_into(">Q", patched, at + WHOLE[kind], plays * once)
    return bytes(patched)


def _boxes(file: bytes, at: int, end: int) -> Iterator[tuple[bytes, int]]:
    """The kind of each box, and where it begins, with those within the boxes that lead to durations."""
    while at < end:
        size, kind = struct.unpack_from(">I4s", file, at)
        yield kind, at
        if kind in CONTAINERS:
            yield from _boxes(file, at + HEAD, at + size)
        at += size
