"""Reads boxes of ISO base media files and JPEG 2000 (ISO/IEC 14496-12, 4.2; ISO/IEC 15444-1, annex I)."""

from __future__ import annotations

import struct
from typing import IO, TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

HEAD, LONG_HEAD = 8, 16
MAX_BOXES: Final = 1000


class Box(NamedTuple):
    """A box: its kind, and the offsets of its content, which may exceed the file."""

    kind: bytes
    begin: int
    end: int


def boxes(data: bytes, begin: int = 0, end: int | None = None) -> Iterator[Box]:
    """The boxes between two offsets; the last one may be truncated."""
    at, end = begin, len(data) if end is None else min(end, len(data))
    while at + HEAD <= end:
        box = _box(data[at : at + LONG_HEAD], at, end)
        if box is None:
            return
        yield box
        at = box.end


def find(data: bytes, *path: bytes) -> bytes | None:
    """The content of the first box at a path of kinds; None if there is no such box, cut off at the data's end."""
    for kind in path:
        box = next((box for box in boxes(data) if box.kind == kind), None)
        if box is None:
            return None
        data = data[box.begin : box.end]
    return data


def boxes_of_file(stream: IO[bytes], size: int) -> Iterator[Box]:
    """The boxes of a file of `size` bytes, without reading their contents; the last may exceed the file."""
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
