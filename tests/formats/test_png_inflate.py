"""A PNG's pixels reach the decoder as they were deflated, however they were, and a piece at a time."""

from __future__ import annotations

import io
import sys
import zlib
from itertools import takewhile

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from resizer.formats.png_inflate import LONGEST, stored
from tests.support.pictures import photo_like, saved

MOST_OF_A_PIECE = LONGEST + 5  # a block's header


def pieces_of(data: bytes, chunk: int = 65_536) -> list[bytes]:
    """What the decoder reads of pixels that come in chunks of at most this many bytes."""
    file = io.BytesIO(data)
    read = stored(lambda size: file.read(min(size, chunk)))
    return list(takewhile(len, iter(lambda: read(65_536), None)))


def inflated(pieces: list[bytes]) -> bytes:
    return zlib.decompressobj().decompress(b"".join(pieces))


@given(
    pixels=st.binary(max_size=4096).map(lambda some: some * 40),
    level=st.integers(0, 9),
    window=st.integers(9, 15),
    strategy=st.sampled_from([zlib.Z_DEFAULT_STRATEGY, zlib.Z_RLE, zlib.Z_HUFFMAN_ONLY, zlib.Z_FIXED]),
    chunk=st.integers(1, 5000),
)
def test_it_is_what_was_deflated(pixels: bytes, level: int, window: int, strategy: int, chunk: int) -> None:
    """Pixels come out byte for byte, whatever deflated them and however they were cut into chunks."""
    compressor = zlib.compressobj(level, zlib.DEFLATED, window, 8, strategy)
    data = compressor.compress(pixels) + compressor.flush()
    assert inflated(pieces_of(data, chunk)) == pixels


def test_no_more_than_a_block_at_a_time() -> None:
    """However far they expand, pixels come in pieces of 64 kB, and none before it is asked for."""
    file = io.BytesIO(zlib.compress(bytes(50_000_000), 9))
    read = stored(file.read)
    assert [len(read(65_536)) for _ in range(4)] == [2, MOST_OF_A_PIECE, MOST_OF_A_PIECE, MOST_OF_A_PIECE]
    assert max(map(len, pieces_of(zlib.compress(bytes(5_000_000), 9)))) == MOST_OF_A_PIECE


@given(kept=st.integers(0, 3000))
def test_pixels_that_break_off_end(kept: int) -> None:
    """Of pixels that end too early all that is there comes out, and then the end, as often as it is asked for."""
    pixels = photo_like(64, 48).tobytes()
    data = zlib.compress(pixels)[:kept]
    file = io.BytesIO(data)
    read = stored(file.read)
    pieces = list(takewhile(len, iter(lambda: read(65_536), None)))
    assert inflated(pieces) == zlib.decompressobj().decompress(data)
    assert [read(1), read(1)] == [b"", b""]


def test_damage_is_told() -> None:
    """What cannot be inflated raises, and does not come out as other pixels."""
    data = bytearray(zlib.compress(photo_like(64, 48).tobytes()))
    data[2:6] = b"\xff" * 4
    with pytest.raises(Exception, match="Error -"):  # isal.isal_zlib.IsalError, which its types take for a value
        pieces_of(bytes(data))


def test_a_wrong_check_sum_costs_no_picture() -> None:
    """A picture is not lost for the check sum behind its last row, which Pillow does not look at either."""
    pixels = photo_like(64, 48).tobytes()
    data = zlib.compress(pixels)
    assert inflated(pieces_of(data[:-4] + bytes(4))) == pixels


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_the_picture_is_pillows(mode: str) -> None:
    """Pictures of every mode are the same as by Pillow alone."""
    picture = photo_like(333, 217).convert("L" if mode == "I;16" else mode)
    data = saved(picture.convert("I").convert("I;16") if mode == "I;16" else picture, "PNG")
    with Image.open(io.BytesIO(data)) as image:
        assert isinstance(image, PngImagePlugin.PngImageFile)
        image.load_read = stored(image.load_read)  # type: ignore[method-assign, assignment] # as `decode` does
        with Image.open(io.BytesIO(data)) as other:
            assert image.tobytes() == other.tobytes()


def test_without_the_wheel_pillow_does_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there is no wheel of ISA-L the decoder reads what was deflated."""
    monkeypatch.setitem(sys.modules, "isal", None)
    file = io.BytesIO(b"deflated")
    assert stored(file.read)(8) == b"deflated"
