"""Reads boxes of ISO base media files and JPEG 2000 (ISO/IEC 14496-12, 4.2; ISO/IEC 15444-1, annex I).

The items in them are the pictures of an AVIF or HEIC (ISO/IEC 23008-12).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from contextlib import suppress
from typing import Final, NamedTuple

from resizer.formats.base import SourceFile, truncated
from resizer.model import CodePoints, Header

HEAD, LONG_HEAD = 8, 16
MAX_BOXES: Final = 1000
PROPERTIES: Final = 65_536  # bytes at a file's start, where encoders write the picture's properties


class Box(NamedTuple):
    """A box: its kind, and the offsets of its content, which may exceed the file."""

    kind: bytes
    begin: int
    end: int


def boxes(data: bytes | bytearray, at: int = 0) -> Iterator[Box]:
    """The boxes from an offset on; the last one may exceed the data."""
    for _ in range(MAX_BOXES):
        if at + HEAD > len(data):
            return
        (length, kind), head = struct.unpack_from(">I4s", data, at), HEAD
        if length == 1 and at + LONG_HEAD <= len(data):
            (length,), head = struct.unpack_from(">Q", data, at + HEAD), LONG_HEAD
        if length == 0:  # up to the end
            length = len(data) - at
        if length < head:
            return
        yield Box(kind, at + head, at + length)
        at += length


def find(data: bytes, kind: bytes) -> bytes | None:
    """The content of the first box of a kind, cut off at the data's end; None if there is no such box."""
    return next((data[box.begin : box.end] for box in boxes(data) if box.kind == kind), None)


def whole_file(file: SourceFile, format_: str) -> bytes:
    """Read an AVIF or HEIC. Raises `Rejected` `truncated` if its last box or its picture is cut off, or if too large.

    Some decoders ignore missing data, and give no reason when they reject a large picture.
    """
    data = file.stream.read()
    start = data[:PROPERTIES]
    if any(box.end > len(data) for box in boxes(data)) or any(end > len(data) for _, end in pixel_pieces(start)):
        raise truncated(format_)
    if size := largest_size(start):
        file.check(Header(format_, "L", *size))
    return data


def offsets(data: bytes, text: bytes) -> Iterator[int]:
    """Each place where a text is found."""
    at = data.find(text)
    while at != -1:
        yield at
        at = data.find(text, at + len(text))


def largest_size(start: bytes) -> tuple[int, int] | None:
    """Width and height in the largest `ispe` box of a file's first bytes: thumbnails and tiles are smaller.

    None if there is no such box, or its picture has no pixels (ISO/IEC 23008-12, 6.5.3).
    """
    sizes = [struct.unpack_from(">II", start, at + 8) for at in offsets(start[:-12], b"ispe")]
    width, height = max(sizes, key=lambda size: size[0] * size[1], default=(0, 0))
    return (width, height) if width and height else None


def code_points(start: bytes) -> CodePoints | None:
    """The colours in the first `nclx`, which encoders write for the picture; None if the first bytes have none."""
    at = next(offsets(start[:-4], b"colrnclx"), None)
    return None if at is None else CodePoints(*struct.unpack_from(">HH", start, at + 8))


def pixel_pieces(start: bytes) -> Iterator[tuple[int, int]]:
    """The offsets (begin, end) of each piece of the primary item, or of its tiles, by a file's first bytes."""
    meta = (find(start, b"meta") or b"")[4:]
    with suppress(EOFError):
        primary = _Numbers(find(meta, b"pitm"))
        item = primary.next(4 if primary.version else 2)
        yield from _pieces(_Numbers(find(meta, b"iloc")), _tiles(find(meta, b"iref") or b"", item) or {item})


def _tiles(iref: bytes, item: int) -> set[int]:
    """The items that another item is composed of (ISO/IEC 14496-12, 8.11.12, and 23008-12, 6.6.2.3)."""
    size = 4 if iref[:1] == b"\1" else 2
    for box in boxes(iref, 4):
        body = iref[box.begin : box.end]
        if box.kind == b"dimg" and int.from_bytes(body[:size], "big") == item:
            return {int.from_bytes(body[at : at + size], "big") for at in range(size + 2, len(body), size)}
    return set()


def _pieces(iloc: _Numbers, items: set[int]) -> Iterator[tuple[int, int]]:
    """The offsets of each piece of some items that is in this file (ISO/IEC 14496-12, 8.11.3)."""
    sizes, wide = iloc.next(2), (2 if iloc.version < 2 else 4)
    offset, length, base, index = (sizes >> shift & 15 for shift in (12, 8, 4, 0))
    for _ in range(iloc.next(wide)):
        item = iloc.next(wide)
        method, other_file = iloc.next(2) & 15 if iloc.version else 0, iloc.next(2)
        first = iloc.next(base)
        for _ in range(iloc.next(2)):
            iloc.next(index if iloc.version else 0)
            begin = first + iloc.next(offset)
            end = begin + iloc.next(length)
            if item in items and not method and not other_file:
                yield begin, end


class _Numbers:
    """Reads numbers from a box that begins with a version. Raises EOFError at its end."""

    def __init__(self, data: bytes | None) -> None:
        self._data, self._at = data or b"", 0
        self.version, _ = self.next(1), self.next(3)

    def next(self, size: int) -> int:
        self._at += size
        if self._at > len(self._data):
            raise EOFError
        return int.from_bytes(self._data[self._at - size : self._at], "big")
