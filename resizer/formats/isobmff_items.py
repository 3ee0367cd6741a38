"""Finds the pictures in an AVIF or HEIC by its first bytes: their offsets, sizes and colours."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from resizer.formats.isobmff import boxes, find
from resizer.model import CodePoints

if TYPE_CHECKING:
    from collections.abc import Iterator


def is_cut(start: bytes, size: int) -> bool:
    """Whether boxes in the file's first bytes, or its pixels, extend beyond its size."""
    return any(box.end > size for box in boxes(start)) or pixels_are_cut(start, size)


def pixels_are_cut(start: bytes, size: int) -> bool:
    """Whether the primary picture or one of its tiles extends beyond the file's end; missing metadata is harmless."""
    return any(end > size for _, end in pixel_pieces(start))


def pixel_pieces(start: bytes) -> list[tuple[int, int]]:
    """The offsets (begin, end) of each piece of the primary picture, or of its tiles."""
    meta = (find(start, b"meta") or b"")[4:]
    primary = _primary_item(find(meta, b"pitm") or b"")
    items = _derived_from(find(meta, b"iref") or b"", primary) or {primary}
    return [(begin, end) for item, begin, end in _pieces(find(meta, b"iloc") or b"") if item in items]


class _Numbers:
    """Reads numbers from a box; `ended` is True after reading past its end."""

    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0

    def next(self, size: int) -> int:
        self._at += size
        return int.from_bytes(self._data[self._at - size : self._at], "big")

    @property
    def ended(self) -> bool:
        return self._at > len(self._data)


def _primary_item(pitm: bytes) -> int:
    numbers = _Numbers(pitm)
    version, _ = numbers.next(1), numbers.next(3)
    return numbers.next(4 if version else 2)


def _derived_from(iref: bytes, item: int) -> set[int]:
    """The items that another item is composed of (ISO/IEC 14496-12, 8.11.12, and 23008-12, 6.6.2.3)."""
    wide = 4 if iref[:1] == b"\1" else 2
    found = set[int]()
    for box in boxes(iref, 4):
        numbers = _Numbers(iref[box.begin : box.end])
        if box.kind == b"dimg" and numbers.next(wide) == item:
            found |= {numbers.next(wide) for _ in range(numbers.next(2)) if not numbers.ended}
    return found


def _pieces(iloc: bytes) -> Iterator[tuple[int, int, int]]:
    """Each item's number with the offsets of one of its pieces (ISO/IEC 14496-12, 8.11.3)."""
    numbers = _Numbers(iloc)
    version, _, sizes = numbers.next(1), numbers.next(3), numbers.next(2)
    offset, length, base, index = (sizes >> shift & 15 for shift in (12, 8, 4, 0))
    for _ in range(numbers.next(2 if version < 2 else 4)):
        if numbers.ended:
            return
        item = numbers.next(2 if version < 2 else 4)
        elsewhere = numbers.next(2) & 15 if version else 0
        other_file, first = numbers.next(2), numbers.next(base)
        for _ in range(numbers.next(2)):
            numbers.next(index if version else 0)
            begin = first + numbers.next(offset)
            end = begin + numbers.next(length)
            if numbers.ended:
                return
            if not elsewhere and not other_file:
                yield item, begin, end


def largest_size(start: bytes) -> tuple[int, int] | None:
    """Width and height in the largest `ispe` box: the picture's, as thumbnails and tiles are smaller.

    None if the first bytes have no such box (ISO/IEC 23008-12, 6.5.3).
    """
    sizes, at = [], start.find(b"ispe")
    while at != -1:
        sizes.append((_uint32(start, at + 8), _uint32(start, at + 12)))
        at = start.find(b"ispe", at + 4)
    return max(sizes, key=lambda size: size[0] * size[1], default=None)


def code_points(start: bytes) -> CodePoints | None:
    """The colours in the primary item's `nclx`; None if the first bytes have none.

    Thumbnails, transparency and gain maps may have their own (ISO/IEC 14496-12, 8.11 and 12.1.5).
    """
    meta = (find(start, b"meta") or b"")[4:]
    container = find(meta, b"iprp") or b""
    properties = find(container, b"ipco") or b""
    wanted = _associated(find(container, b"ipma") or b"", _primary_item(find(meta, b"pitm") or b""))
    for number, box in enumerate(boxes(properties), start=1):
        body = properties[box.begin : box.end]
        if number in wanted and box.kind == b"colr" and body[:4] == b"nclx" and len(body) >= 8:
            return CodePoints(*struct.unpack_from(">HH", body, 4))
    return None


def _associated(ipma: bytes, item: int) -> set[int]:
    """The numbers of an item's properties, from 1 (ISO/IEC 14496-12, 8.11.14)."""
    numbers = _Numbers(ipma)
    version, flags = numbers.next(1), numbers.next(3)
    wide = 2 if flags & 1 else 1
    for _ in range(numbers.next(4)):
        owner = numbers.next(4 if version else 2)
        properties = {numbers.next(wide) & (0x7FFF if wide == 2 else 0x7F) for _ in range(numbers.next(1))}
        if numbers.ended:
            break
        if owner == item:
            return properties
    return set()


def _uint32(data: bytes, at: int) -> int:
    return int.from_bytes(data[at : at + 4], "big")
