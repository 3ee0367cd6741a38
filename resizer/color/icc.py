"""An ICC profile for colours that are described by numbers: three primaries, or grey, and a curve."""

from __future__ import annotations

import struct
from functools import lru_cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from resizer.color.cicp import Colorimetry

D50: Final = (0.9642, 1.0, 0.8249)  # ICC.1:2022, 7.2.16
# Bradford's cone responses (ICC.1:2022, annex E.3), and the way back.
TO_CONES: Final = ((0.8951, 0.2664, -0.1614), (-0.7502, 1.7135, 0.0367), (0.0389, -0.0685, 1.0296))
FROM_CONES: Final = (
    (0.9869929, -0.1470543, 0.1599627),
    (0.4323053, 0.5183603, 0.0492912),
    (-0.0085287, 0.0400428, 0.9684867),
)
HEADER: Final = 128
LEVELS: Final = 256  # of a curve: one for each value that a sample can have
NARROW_BLACK, NARROW_WHITE = 16, 235

Vector = tuple[float, float, float]


@lru_cache(maxsize=16)
def matrix_profile(colors: Colorimetry, *, grey: bool) -> bytes:
    """An ICC profile (version 2.4, of a display) that leads from such samples to light: RGB, or grey.

    It is for this process alone, and has no name and no copyright to show.
    """
    curve = b"curv" + bytes(4) + struct.pack(f">I{LEVELS}H", LEVELS, *(round(each * 65_535) for each in _curve(colors)))
    tags = {b"wtpt": _xyz(D50)}
    if not grey:
        tags |= {name + b"XYZ": _xyz(column) for name, column in zip((b"r", b"g", b"b"), _columns(colors), strict=True)}
    tags |= {name + b"TRC": curve for name in ((b"k",) if grey else (b"r", b"g", b"b"))}
    return _assembled(b"GRAY" if grey else b"RGB ", tags)


def _curve(colors: Colorimetry) -> list[float]:
    """Light from 0 to 1 for each value of a sample."""
    black, white = (NARROW_BLACK, NARROW_WHITE) if colors.narrow else (0, LEVELS - 1)
    samples = (min(max((value - black) / (white - black), 0), 1) for value in range(LEVELS))
    return [_srgb(sample) if colors.gamma is None else sample**colors.gamma for sample in samples]


def _srgb(sample: float) -> float:
    """IEC 61966-2-1."""
    light: float = sample / 12.92 if sample <= 0.04045 else ((sample + 0.055) / 1.055) ** 2.4
    return light


def _columns(colors: Colorimetry) -> list[Vector]:
    """The primaries' CIE XYZ, so that together they are white, adapted to D50."""
    x, y, *primaries = colors.chromaticities
    white = _point(x, y, y)
    adapted = [want / have for want, have in zip(_times(TO_CONES, D50), _times(TO_CONES, white), strict=True)]
    points = [_point(*primary, y) for primary in zip(primaries[::2], primaries[1::2], strict=True)]
    columns = []
    for share, point in zip(colors.shares, points, strict=True):
        red, green, blue = (cone * factor for cone, factor in zip(_times(TO_CONES, point), adapted, strict=True))
        columns.append(_times(FROM_CONES, (red * share, green * share, blue * share)))
    return columns


def _point(x: float, y: float, white_y: float) -> Vector:
    """CIE XYZ of a chromaticity, by the measure of a white whose luminance is 1."""
    return x / white_y, y / white_y, (1 - x - y) / white_y


def _times(matrix: tuple[Vector, Vector, Vector], vector: Vector) -> Vector:
    one, two, three = (sum(a * b for a, b in zip(row, vector, strict=True)) for row in matrix)
    return one, two, three


def _xyz(value: Vector) -> bytes:
    return b"XYZ " + bytes(4) + struct.pack(">3i", *(round(each * 65_536) for each in value))


def _assembled(space: bytes, tags: dict[bytes, bytes]) -> bytes:
    """ICC.1:2001-04, 6: the header, the table of tags and what they hold; equal tags share it."""
    table, body, places = struct.pack(">I", len(tags)), b"", {}
    begin = HEADER + 4 + 12 * len(tags)
    for name, data in tags.items():
        if data not in places:
            places[data] = begin + len(body)
            body += data
        table += name + struct.pack(">II", places[data], len(data))
    size = struct.pack(">I", begin + len(body))
    head = size + bytes(4) + b"\2\x40\0\0mntr" + space + b"XYZ " + bytes(12) + b"acsp" + bytes(28) + _xyz(D50)[8:]
    return head.ljust(HEADER, b"\0") + table + body
