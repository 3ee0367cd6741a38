"""The properties of an AVIF or HEIC are read where encoders write them, and hostile files raise no error."""

import io
import random
import struct

import pytest
from PIL import Image

from resizer.errors import Reason, Rejected
from resizer.formats.base import SourceFile
from resizer.formats.isobmff import MAX_BOXES, boxes, code_points, find, largest_size, pixel_pieces, whole_file
from resizer.model import CodePoints
from tests.support.pictures import heic, photo_like, saved

PICTURE = photo_like(64, 48)
AVIF = saved(PICTURE, "AVIF", speed=10)
TILES = heic(photo_like(40, 32), tile_size=16)


def box(kind: bytes, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return struct.pack(">I4s", 8 + len(body), kind) + body


def is_truncated(data: bytes) -> bool:
    try:
        whole_file(SourceFile(io.BytesIO(data), len(data), 10**6, lambda _: None, print), "AVIF")
    except Rejected as problem:
        return problem.reason is Reason.TRUNCATED
    return False


@pytest.mark.parametrize("options", [{}, {"save_all": True, "append_images": [Image.new("RGB", (64, 48))]}])
def test_size_and_code_points_are_read(options: dict[str, object]) -> None:
    """The size and code points of stills and animations are read as libavif writes them."""
    data = saved(PICTURE, "AVIF", speed=10, **options)
    assert (code_points(data), largest_size(data)) == (CodePoints(1, 13), (64, 48))


def test_the_picture_is_larger_than_its_tiles() -> None:
    """The size of a tiled picture is that of all its tiles together."""
    assert largest_size(heic(photo_like(400, 300), tile_size=128)) == (400, 300)


@pytest.mark.parametrize("data", [AVIF, heic(PICTURE), TILES, heic(PICTURE, exif=b"Exif\0\0II*\0\x08\0\0\0")])
def test_cuts_are_found(data: bytes) -> None:
    """A file without its last byte is truncated, and so is one cut anywhere else, even between two boxes."""
    before = next(box.end for box in boxes(data) if box.kind == b"ftyp")
    assert [length for length in range(before + 8, len(data) + 1) if not is_truncated(data[:length])] == [len(data)]
    assert is_truncated(data[:-1])


@pytest.mark.parametrize(("data", "pieces"), [(heic(PICTURE), 1), (TILES, 6), (heic(PICTURE, PICTURE), 1)])
def test_the_pieces_of_the_picture_are_found(data: bytes, pieces: int) -> None:
    """A plain picture has one piece, a tiled one a piece for each tile; other pictures in the file have none."""
    content = next(each for each in boxes(data) if each.kind == b"mdat")
    found = list(pixel_pieces(data))
    assert len(found) == pieces
    assert all(content.begin <= begin < end <= content.end for begin, end in found)


def test_damaged_boxes_raise_no_error() -> None:
    """A file cut at every byte, or with changed bytes, is read without an error."""
    dice = random.Random(1)
    for whole in (AVIF, TILES):
        meta = whole[: whole.index(b"mdat")]
        for end in range(len(meta)):
            read_all(meta[:end])
        for _ in range(2000):
            data = bytearray(meta)
            for _ in range(dice.randint(1, 4)):
                data[dice.randrange(len(data))] = dice.choice([0, 1, 0x7F, 0xFF, dice.randrange(256)])
            read_all(bytes(data))


def read_all(data: bytes) -> int:
    """Call every reader; return the number of pieces."""
    code_points(data)
    largest_size(data)
    return sum(1 for _ in pixel_pieces(data))


def test_huge_claims_are_not_believed() -> None:
    """Tables that claim four billion entries, and boxes of any length, end where the file ends."""
    iloc = box(b"iloc", struct.pack(">IHI", 2 << 24, 0x4444, 0xFFFFFFFF), bytes(40))
    data = box(b"meta", bytes(4), box(b"pitm", bytes(6)), iloc)
    assert read_all(data) == 0
    assert read_all(struct.pack(">I4sQ", 1, b"meta", 1 << 63) + bytes(40)) == 0
    assert len(list(boxes(box(b"free") * 8000))) == MAX_BOXES
    assert find(box(b"free"), b"meta") is None
