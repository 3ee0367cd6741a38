"""What an AVIF or HEIC says of its picture is read from where it counts, and from hostile files without an error."""

from __future__ import annotations

import random
import struct

import pytest
from PIL import Image

from resizer.formats.isobmff_items import code_points, is_cut, pixels_are_cut
from resizer.model import CodePoints
from tests.support.pictures import heic, photo_like, saved

PICTURE = photo_like(64, 48)
AVIF = saved(PICTURE, "AVIF", speed=10)
P3 = CodePoints(12, 13)
EXIF = b"Exif\0\0II*\0\x08\0\0\0"


def box(kind: bytes, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return struct.pack(">I4s", 8 + len(body), kind) + body


def full_box(kind: bytes, version: int, flags: int, *parts: bytes) -> bytes:
    return box(kind, struct.pack(">I", version << 24 | flags), *parts)


def nclx(primaries: int, transfer: int) -> bytes:
    return box(b"colr", b"nclx", struct.pack(">HHHB", primaries, transfer, 6, 0x80))


def with_items(
    primary: int,
    properties: list[bytes],
    items: dict[int, list[int]],
    *,
    version: int = 0,
    flags: int = 0,
) -> bytes:
    """As much of an AVIF as says which properties belong to which item."""
    pack_item, pack_property = (">I" if version else ">H"), (">H" if flags else ">B")
    essential = 0x8000 if flags else 0x80
    entries = b"".join(
        struct.pack(pack_item, item)
        + bytes([len(numbers)])
        + b"".join(struct.pack(pack_property, number | essential) for number in numbers)
        for item, numbers in items.items()
    )
    return box(b"ftyp", b"avif", bytes(4), b"avifmif1") + full_box(
        b"meta",
        0,
        0,
        full_box(b"hdlr", 0, 0, bytes(20)),
        full_box(b"pitm", version, 0, struct.pack(pack_item, primary)),
        box(
            b"iprp",
            box(b"ipco", *properties),
            full_box(b"ipma", version, flags, struct.pack(">I", len(items)), entries),
        ),
    )


@pytest.mark.parametrize("version", [0, 1])
@pytest.mark.parametrize("flags", [0, 1])
def test_the_primary_items_own_count(version: int, flags: int) -> None:
    """Of several items' code points those of the primary one are read, in narrow and in wide tables."""
    properties = [nclx(1, 13), box(b"ispe", bytes(12)), nclx(9, 16), nclx(12, 13)]
    data = with_items(7, properties, {3: [1, 2], 7: [2, 4], 9: [3]}, version=version, flags=flags)
    assert code_points(data) == P3


def test_what_belongs_to_others_says_nothing() -> None:
    """A primary item without code points has none, whatever a gain map or a thumbnail beside it has."""
    assert code_points(with_items(1, [box(b"ispe", bytes(12)), nclx(9, 16)], {1: [1], 2: [2]})) is None


def test_a_profile_beside_is_passed_over() -> None:
    """An item may have an ICC profile and code points; these are found behind it."""
    profile = box(b"colr", b"prof", bytes(300))
    assert code_points(with_items(1, [profile, nclx(12, 13)], {1: [1, 2]})) == P3


@pytest.mark.parametrize("options", [{}, {"save_all": True, "append_images": [Image.new("RGB", (64, 48))]}])
def test_what_encoders_write_is_read(options: dict[str, object]) -> None:
    """The code points of a still and of an animation, as libavif writes them, are sRGB's."""
    assert code_points(saved(PICTURE, "AVIF", speed=10, **options)) == CodePoints(1, 13)


def test_damaged_boxes_say_nothing_or_something() -> None:
    """An AVIF cut off at every byte, and with bytes flipped, is read to an end without an error."""
    wrong = random.Random(1)
    meta = AVIF[: AVIF.index(b"mdat")]
    for end in range(len(meta)):
        assert code_points(meta[:end]) in {None, CodePoints(1, 13)}
    read = 0
    for _ in range(5000):
        data = bytearray(meta)
        for _ in range(wrong.randint(1, 4)):
            data[wrong.randrange(len(data))] = wrong.choice([0, 1, 0x7F, 0xFF, wrong.randrange(256)])
        read += isinstance(code_points(bytes(data)), CodePoints)
    assert read > 1000


def test_claims_without_end_are_not_believed() -> None:
    """Tables that claim four billion entries, and boxes as long as the world, end where the bytes do."""
    honest = with_items(1, [nclx(12, 13)], {2: [1]})
    many = honest.replace(struct.pack(">II", 0, 1) + b"\0\2", struct.pack(">II", 0, 0xFFFFFFFF) + b"\0\2")
    assert many != honest
    assert code_points(many) is None
    assert code_points(struct.pack(">I4sQ", 1, b"meta", 1 << 63) + bytes(40)) is None
    assert code_points(struct.pack(">I4sQ", 1, b"meta", 0) + bytes(40)) is None
    assert code_points(box(b"free") * 8000) is None


@pytest.mark.parametrize(
    "data",
    [AVIF, heic(PICTURE), heic(photo_like(40, 32), tile_size=16), heic(PICTURE, exif=EXIF)],
)
def test_cuts_are_found(data: bytes) -> None:
    """A file is whole to its last byte, and cut without it; its picture, or one of its tiles, by a byte of its own."""
    assert not is_cut(data, len(data))
    assert is_cut(data, len(data) - 1)
    assert pixels_are_cut(data, data.index(b"mdat") + 5)
    for end in range(len(data)):
        pixels_are_cut(data[:end], len(data))


def test_metadata_behind_the_picture_may_be_cut() -> None:
    """What is no part of the picture does not make it a cut one."""
    data = heic(PICTURE, exif=EXIF + bytes(5000))
    exif = data.rindex(b"Exif\0\0")
    assert is_cut(data, exif)
    assert not pixels_are_cut(data, exif)
