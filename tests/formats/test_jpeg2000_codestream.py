"""What a JPEG 2000 asks of its decoder is known before that begins."""

from __future__ import annotations

import io
import struct

import pytest

from resizer.errors import Rejected
from resizer.formats.jpeg2000_codestream import BYTES_PER_TILE, check, decoder_bytes
from tests.support.forged import jpeg2000
from tests.support.pictures import photo_like, saved

PICTURE = photo_like(300, 200)
OPTIONS = [
    {},
    {"no_jp2": True},
    {"no_jp2": True, "tile_size": (64, 64)},
    {"codeblock_size": (8, 8)},
    {"precinct_size": (64, 64), "num_resolutions": 6},
    {"irreversible": True, "num_resolutions": 1},
    {"progression": "RPCL", "precinct_size": (128, 128), "plt": True},
]


@pytest.mark.parametrize("options", OPTIONS)
def test_what_encoders_write_passes(options: dict[str, object]) -> None:
    """Boxes or none, tiles, code-blocks and precincts of the sizes that encoders offer are let through."""
    assert check(io.BytesIO(saved(PICTURE, "JPEG2000", **options))) == (300, 200)


@pytest.mark.parametrize(
    ("mode", "options", "tiles", "samples"),
    [
        ("RGB", {}, 1, 300 * 200 * 3 * 5),
        ("RGB", {"no_jp2": True, "tile_size": (64, 64)}, 5 * 4, 64 * 64 * 3 * 5),
        ("L", {"tile_size": (1000, 100)}, 2, 300 * 100 * 5),
        ("RGBA", {}, 1, 300 * 200 * 4 * 5),
        ("I;16", {}, 1, 300 * 200 * 6),
    ],
)
def test_what_decoding_takes(mode: str, options: dict[str, object], tiles: int, samples: int) -> None:
    """Parameters of every tile; of the largest tile each channel's samples as 32 bits and as Pillow takes them."""
    picture = PICTURE.convert("L").convert("I").convert(mode) if mode == "I;16" else PICTURE.convert(mode)
    assert decoder_bytes(io.BytesIO(saved(picture, "JPEG2000", **options))) == tiles * BYTES_PER_TILE + samples


def test_where_a_picture_lies_takes_nothing() -> None:
    """Cut out of a large grid, as maps are, a picture is counted with what is in it."""
    data = bytearray(saved(PICTURE, "JPEG2000", no_jp2=True))
    at = data.index(b"\xff\x51") + 6
    before = decoder_bytes(io.BytesIO(data))
    sides = struct.unpack_from(">8I", data, at)
    struct.pack_into(">8I", data, at, *(side + 8192 * (place not in {4, 5}) for place, side in enumerate(sides)))
    assert decoder_bytes(io.BytesIO(data)) == before


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (jpeg2000(1000, 1000, blocks=2), "code-blocks"),
        (jpeg2000(1000, 1000, precincts=0), "precincts"),
        (jpeg2000(1000, 1000, precincts=1), "precincts"),
        (jpeg2000(1000, 1000, precincts=3), "precincts"),
        (jpeg2000(64, 64)[:40] + b"\x40\x00" + jpeg2000(64, 64)[42:], "16384 channels"),
    ],
)
def test_what_would_take_gigabytes_is_refused(data: bytes, what: str) -> None:
    """Code-blocks, precincts and channels that only make work are refused by what they are."""
    with pytest.raises(Rejected, match=what):
        check(io.BytesIO(data))
