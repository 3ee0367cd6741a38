"""Builds TIFFs and BigTIFFs tag by tag, in both byte orders."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

BYTE, TEXT, SHORT, LONG, UNDEFINED, LONG8 = 1, 2, 3, 4, 7, 16
LETTERS: Final = {BYTE: "B", TEXT: "B", SHORT: "H", LONG: "I", UNDEFINED: "B", LONG8: "Q"}
SUB_PAGES, TILE_WIDTH = 330, 322


@dataclass(frozen=True)
class Page:
    """One directory: its tags with type and values, its strips, and the pages in its SubIFDs."""

    tags: dict[int, tuple[int, tuple[int, ...] | bytes]]
    strips: tuple[bytes, ...] = ()
    below: tuple[Page, ...] = field(default=())


def page(samples: NDArray[Any], *, apart: bool = False, below: tuple[Page, ...] = (), **tags: Any) -> Page:
    """An uncompressed page of samples (rows x columns x channels). `t258=(3, (8,))` sets a tag."""
    rows, columns, channels = samples.shape if samples.ndim == 3 else (*samples.shape, 1)
    planes = [samples[..., channel] for channel in range(channels)] if apart else [samples]
    known: dict[int, tuple[int, tuple[int, ...] | bytes]] = {
        256: (LONG, (columns,)),
        257: (LONG, (rows,)),
        258: (SHORT, (samples.itemsize * 8,) * channels),
        259: (SHORT, (1,)),
        262: (SHORT, (1 if channels < 3 else 2,)),
        277: (SHORT, (channels,)),
        278: (LONG, (rows,)),
        284: (SHORT, (2 if apart else 1,)),
    }
    known |= {int(name[1:]): value for name, value in tags.items()}
    return Page(known, tuple(plane.tobytes() for plane in planes), below)


def tiff_file(*pages: Page, order: str = "<", big: bool = False) -> bytes:
    """A file of these pages. Their samples must have the same byte order."""
    mark = (b"II" if order == "<" else b"MM") + struct.pack(f"{order}H", 43 if big else 42)
    file = bytearray(mark + (struct.pack(f"{order}HHQ", 8, 0, 0) if big else struct.pack(f"{order}I", 0)))
    places = [_write(file, each, order=order, big=big) for each in pages]
    struct.pack_into(f"{order}{'Q' if big else 'I'}", file, 8 if big else 4, places[0][0])
    for (_, following), (place, _) in pairwise(places):
        struct.pack_into(f"{order}{'Q' if big else 'I'}", file, following, place)
    return bytes(file)


def _write(file: bytearray, each: Page, *, order: str, big: bool) -> tuple[int, int]:
    """Append one page. Return its offset, and where to write the offset of the next page."""
    place = LONG8 if big else LONG
    tags = dict(each.tags)
    starts = []
    for strip in each.strips:
        starts.append(len(file))
        file += strip + bytes(len(strip) % 2)
    if starts:
        places, sizes = (324, 325) if TILE_WIDTH in tags else (273, 279)
        tags |= {places: (place, tuple(starts)), sizes: (place, tuple(len(strip) for strip in each.strips))}
    if each.below:
        tags[SUB_PAGES] = (place, tuple(_write(file, sub, order=order, big=big)[0] for sub in each.below))
    inline = 8 if big else 4
    entries = b""
    for tag, (kind, values) in sorted(tags.items()):
        data = values if isinstance(values, bytes) else struct.pack(f"{order}{len(values)}{LETTERS[kind]}", *values)
        value = data.ljust(inline, b"\0")
        if len(data) > inline:
            value = struct.pack(f"{order}{'Q' if big else 'I'}", len(file))
            file += data + bytes(len(data) % 2)
        entries += struct.pack(f"{order}HH{'Q' if big else 'I'}", tag, kind, len(values)) + value
    at = len(file)
    file += struct.pack(f"{order}{'Q' if big else 'H'}", len(tags)) + entries + bytes(inline)
    return at, len(file) - inline


def ramp(rows: int = 30, columns: int = 40, channels: int = 3, kind: str = "u1") -> NDArray[Any]:
    """Samples that rise across, down and both ways, over the whole range of their type."""
    down, across = np.mgrid[0:rows, 0:columns]
    planes = [across / columns, down / rows, (across + down) / (rows + columns), 1 - across / columns]
    largest = np.iinfo(np.dtype(kind)).max
    return (np.dstack(planes[:channels]) * largest).astype(kind).squeeze()
