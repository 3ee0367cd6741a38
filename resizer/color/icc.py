"""Builds an ICC profile for a well-known colour space: three primaries, or grey, and a curve."""

from __future__ import annotations

import struct
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from resizer.color.described import ADOBE_RGB, BT_2020, DISPLAY_P3, SRGB

if TYPE_CHECKING:
    from resizer.color.described import Colours

D50: Final = (0.9642, 1.0, 0.8249)  # ICC.1:2022, 7.2.16
# CIE XYZ of red, green and blue, adapted to D50 by Bradford's matrix, as the spaces' own profiles have them.
COLUMNS: Final = {
    SRGB: ((0.43604, 0.22248, 0.01392), (0.38511, 0.71691, 0.09707), (0.14305, 0.06061, 0.71391)),
    DISPLAY_P3: ((0.51512, 0.24119, -0.00105), (0.29198, 0.69224, 0.04188), (0.1571, 0.06657, 0.78407)),
    BT_2020: ((0.67348, 0.27904, -0.00193), (0.16567, 0.67534, 0.02998), (0.12505, 0.04561, 0.79685)),
    ADOBE_RGB: ((0.60974, 0.31111, 0.01947), (0.20527, 0.62568, 0.06087), (0.14919, 0.06321, 0.74456)),
}
HEADER: Final = 128
LEVELS: Final = 256  # of a curve: one per value of a sample
NARROW_BLACK, NARROW_WHITE = 16, 235


@lru_cache(maxsize=16)
def matrix_profile(colours: Colours, *, grey: bool) -> bytes:
    """An ICC profile (version 2.4, display) for this colour space: RGB, or grey.

    It is for this process only, so it has no name and no copyright.
    """
    curve = (
        b"curv" + bytes(4) + struct.pack(f">I{LEVELS}H", LEVELS, *(round(each * 65_535) for each in _curve(colours)))
    )
    tags = {b"wtpt": _xyz(D50)}
    if not grey:
        columns = zip((b"r", b"g", b"b"), COLUMNS[colours.primaries], strict=True)
        tags |= {name + b"XYZ": _xyz(column) for name, column in columns}
    tags |= {name + b"TRC": curve for name in ((b"k",) if grey else (b"r", b"g", b"b"))}
    return _assembled(b"GRAY" if grey else b"RGB ", tags)


def _curve(colours: Colours) -> list[float]:
    """Light from 0 to 1 for each value of a sample."""
    black, white = (NARROW_BLACK, NARROW_WHITE) if colours.narrow else (0, LEVELS - 1)
    samples = (min(max((value - black) / (white - black), 0), 1) for value in range(LEVELS))
    return [_srgb(sample) if colours.gamma is None else sample**colours.gamma for sample in samples]


def _srgb(sample: float) -> float:
    """IEC 61966-2-1."""
    light: float = sample / 12.92 if sample <= 0.04045 else ((sample + 0.055) / 1.055) ** 2.4
    return light


def _xyz(value: tuple[float, float, float]) -> bytes:
    return b"XYZ " + bytes(4) + struct.pack(">3i", *(round(each * 65_536) for each in value))


def _assembled(space: bytes, tags: dict[bytes, bytes]) -> bytes:
    """ICC.1:2001-04, 6: the header, the table of tags and their data; equal tags share their data."""
    table, body, places = struct.pack(">I", len(tags)), b"", dict[bytes, int]()
    begin = HEADER + 4 + 12 * len(tags)
    for name, data in tags.items():
        if data not in places:
            places[data] = begin + len(body)
            body += data
        table += name + struct.pack(">II", places[data], len(data))
    size = struct.pack(">I", begin + len(body))
    head = size + bytes(4) + b"\2\x40\0\0mntr" + space + b"XYZ " + bytes(12) + b"acsp" + bytes(28) + _xyz(D50)[8:]
    return head.ljust(HEADER, b"\0") + table + body
