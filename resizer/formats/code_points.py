"""The code points by which AVIF and HEIC describe colours, read where their decoders leave them behind."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

from resizer.model import CodePoints

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


def of_heif(info: Mapping[Any, Any]) -> CodePoints | None:
    """What a HEIC's `nclx` says, by what pillow-heif tells of it: it looks further for it than `of_avif` can."""
    match info.get("nclx_profile"):
        case {"color_primaries": int(primaries), "transfer_characteristics": int(transfer)}:
            return CodePoints(primaries, transfer)
        case _:
            return None


def of_avif(start: bytes) -> CodePoints | None:
    """What the `nclx` of an AVIF's primary item says, by the file's first bytes; None where these do not say.

    Thumbnails, transparency and gain maps have such boxes too. From ISO/IEC 14496-12, 4.2, 8.11 and 12.1.5.
    """
    try:
        meta = next((body[4:] for kind, body in _boxes(start) if kind == b"meta"), b"")
        inner = dict(_boxes(meta))
        within = list(_boxes(inner.get(b"iprp", b"")))
        properties = [each for kind, body in within if kind == b"ipco" for each in _boxes(body)]
        primary = _primary_item(inner[b"pitm"])
        wanted = {number for kind, body in within if kind == b"ipma" for number in _associated(body, primary)}
    except (struct.error, KeyError):
        return None
    for number, (kind, body) in enumerate(properties, start=1):
        if number in wanted and kind == b"colr" and body[:4] == b"nclx" and len(body) >= 8:
            return CodePoints(*struct.unpack_from(">HH", body, 4))
    return None


def _boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Each box's kind and content, the last one's as far as it is there."""
    at = 0
    while at + 8 <= len(data):
        size, kind = struct.unpack_from(">I4s", data, at)
        head = 8
        if size == 1:
            (size,), head = struct.unpack_from(">Q", data, at + 8), 16
        end = at + size if size else len(data)
        if end < at + head:
            return
        yield kind, data[at + head : end]
        at = end


def _primary_item(pitm: bytes) -> int:
    version: int
    number: int
    version, number = struct.unpack_from(">B3xH", pitm)
    if version:
        (number,) = struct.unpack_from(">I", pitm, 4)
    return number


def _associated(ipma: bytes, item: int) -> set[int]:
    """The numbers of an item's properties, from 1, as one `ipma` (ISO/IEC 14496-12, 8.11.14) has them."""
    version, flags, count = struct.unpack_from(">B2xBI", ipma)
    at = 8
    for _ in range(count):
        owner, properties = struct.unpack_from(">IB" if version else ">HB", ipma, at)
        at += 5 if version else 3
        wide = flags & 1
        numbers = struct.unpack_from(f">{properties}{'H' if wide else 'B'}", ipma, at)
        if owner == item:
            return {number & (0x7FFF if wide else 0x7F) for number in numbers}
        at += properties << wide
    return set()
