"""EXIF's orientation may be any type of integer, and damaged EXIF means upright."""

import struct

from resizer.formats.orientation import exif_orientation
from tests.support.forged import exif_bomb, exif_loop

# Integer types of tags (TIFF 6.0, section 2) and their `struct` format.
INTEGERS = {1: "B", 3: "H", 4: "L", 6: "b", 8: "h", 9: "l"}


def exif(kind: int, value: bytes, *, order: str = "<", prefix: bytes = b"Exif\0\0") -> bytes:
    """An EXIF block with only an orientation; `value` has at most 4 bytes."""
    head = b"II*\0" if order == "<" else b"MM\0*"
    tag = struct.pack(f"{order}HHL", 0x0112, kind, 1) + value.ljust(4, b"\0")
    return prefix + head + struct.pack(f"{order}LH", 8, 1) + tag + bytes(4)


def test_any_integer_counts() -> None:
    """Signed and unsigned integers of 1, 2 and 4 bytes count, in both byte orders."""
    for kind, code in INTEGERS.items():
        for order in ["<", ">"]:
            for prefix in [b"", b"Exif\0\0", b"Exif\0\0Exif\0\0"]:
                for orientation in range(1, 9):
                    value = struct.pack(order + code, orientation)
                    assert exif_orientation(exif(kind, value, order=order, prefix=prefix)) == orientation


def test_anything_else_is_upright() -> None:
    """With an invalid orientation, another type, no EXIF or damaged EXIF the picture stays as stored."""
    assert exif_orientation(exif(3, struct.pack("<H", 0))) == 1
    assert exif_orientation(exif(3, struct.pack("<H", 9))) == 1
    assert exif_orientation(exif(2, b"6")) == 1
    assert exif_orientation(exif(11, struct.pack("<f", 6))) == 1
    whole = exif(3, struct.pack("<H", 6))
    assert {exif_orientation(whole[:end]) for end in range(len(whole) - 8)} == {1}
    for block in (None, b"", b"Exif\0\0", b"\xff" * 40, exif_bomb(100_000), exif_bomb(2_000_000), exif_loop()):
        assert exif_orientation(block) == 1
