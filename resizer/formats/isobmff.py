"""The boxes of ISO base media files, and of JPEG 2000 (ISO/IEC 14496-12, 4.2; ISO/IEC 15444-1, annex I)."""

from __future__ import annotations

import struct
from typing import IO, TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

HEAD, LONG_HEAD = 8, 16
MAX_BOXES: Final = 1000


class Box(NamedTuple):
    """A box: its kind, and where its content begins and ends, which may lie beyond the end of what there is."""

    kind: bytes
    begin: int
    end: int


def boxes(data: bytes, begin: int = 0, end: int | None = None) -> Iterator[Box]:
    """Each box between two bytes; the last one may be cut."""
    at, end = begin, len(data) if end is None else min(end, len(data))
    while at + HEAD <= end:
        box = _box(data[at : at + LONG_HEAD], at, end)
        if box is None:
            return
        yield box
        at = box.end


def find(data: bytes, *path: bytes) -> bytes | None:
    """The content of the first box that is reached through boxes of these kinds, as far as it is there."""
    for kind in path:
        box = next((box for box in boxes(data) if box.kind == kind), None)
        if box is None:
            return None
        data = data[box.begin : box.end]
    return data


def boxes_of_file(stream: IO[bytes], size: int) -> Iterator[Box]:
    """Each box of a file of so many bytes, without its content; the last may reach beyond the file's end."""
    at = 0
    for _ in range(MAX_BOXES):
        if at + HEAD > size:
            return
        stream.seek(at)
        box = _box(stream.read(LONG_HEAD), at, size)
        if box is None:
            return
        yield box
        at = box.end


def _box(start: bytes, at: int, end: int) -> Box | None:
    if len(start) < HEAD:
        return None
    size, kind = struct.unpack_from(">I4s", start)
    head = HEAD
    if size == 1 and len(start) == LONG_HEAD:
        (size,), head = struct.unpack_from(">Q", start, HEAD), LONG_HEAD
    if size == 0:  # it goes on to the end
        size = end - at
    return Box(kind, at + head, at + size) if size >= head else None
