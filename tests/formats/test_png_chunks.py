"""A PNG's pixels reach the decoder unchanged and in small pieces, however they were deflated."""

import io
import sys
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from resizer.errors import Reason, Rejected
from resizer.formats.png import PngSource
from resizer.formats.png_chunks import MAX_BLOCK, inflated
from tests.formats.reading import read as read_by
from tests.support.pictures import photo_like, saved

MAX_PIECE = MAX_BLOCK + 5  # a block's header


def pieces_of(data: bytes, chunk: int = 65_536) -> list[bytes]:
    """The pieces that the decoder reads if the pixels come in chunks of this many bytes."""
    file = io.BytesIO(data)
    return list(inflated(iter(lambda: file.read(chunk), b"")))


def joined(pieces: list[bytes]) -> bytes:
    return zlib.decompressobj().decompress(b"".join(pieces))


@given(
    pixels=st.binary(max_size=4096).map(lambda some: some * 40),
    level=st.integers(0, 9),
    window=st.integers(9, 15),
    strategy=st.sampled_from([zlib.Z_DEFAULT_STRATEGY, zlib.Z_RLE, zlib.Z_HUFFMAN_ONLY, zlib.Z_FIXED]),
    chunk=st.integers(1, 5000),
)
def test_pixels_are_unchanged(pixels: bytes, level: int, window: int, strategy: int, chunk: int) -> None:
    """Pixels are read byte for byte, whatever the compressor's settings and the size of the chunks."""
    compressor = zlib.compressobj(level, zlib.DEFLATED, window, 8, strategy)
    data = compressor.compress(pixels) + compressor.flush()
    assert joined(pieces_of(data, chunk)) == pixels


def test_pixels_come_one_block_at_a_time() -> None:
    """Pixels come in pieces of at most 64 kB, each only when asked for, however far they expand."""
    file = io.BytesIO(zlib.compress(bytes(50_000_000), 9))
    pieces = inflated(iter(lambda: file.read(65_536), b""))
    assert [len(next(pieces)) for _ in range(4)] == [2, MAX_PIECE, MAX_PIECE, MAX_PIECE]
    assert max(map(len, pieces_of(zlib.compress(bytes(5_000_000), 9)))) == MAX_PIECE


@given(kept=st.integers(0, 3000))
def test_cut_pixels_are_read_to_the_cut(kept: int) -> None:
    """All that is left of cut pixels is read."""
    data = zlib.compress(photo_like(64, 48).tobytes())[:kept]
    assert joined(pieces_of(data)) == zlib.decompressobj().decompress(data)


def test_damage_is_refused() -> None:
    """Data that cannot be inflated is corrupt, and never becomes wrong pixels."""
    data = bytearray(zlib.compress(photo_like(64, 48).tobytes()))
    data[2:6] = b"\xff" * 4
    with pytest.raises(Rejected, match="cannot be inflated") as rejection:
        pieces_of(bytes(data))
    assert rejection.value.reason is Reason.CORRUPT


def test_a_wrong_zlib_checksum_is_ignored() -> None:
    """The checksum after the last row is ignored, as by Pillow."""
    pixels = photo_like(64, 48).tobytes()
    data = zlib.compress(pixels)
    assert joined(pieces_of(data[:-4] + bytes(4))) == pixels


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_pictures_are_the_same_as_from_pillow(mode: str) -> None:
    """Pictures of every mode are the same as from Pillow alone."""
    picture = photo_like(333, 217).convert("L" if mode == "I;16" else mode)
    data = saved(picture.convert("I").convert("I;16") if mode == "I;16" else picture, "PNG")
    with Image.open(io.BytesIO(data)) as other:
        ours = read_by(PngSource(), data).frames[0].pixels
        if mode == "I;16":  # we read only the upper 8 bits
            assert ours.tobytes() == other.tobytes()[1::2]
        else:
            assert (ours.mode, ours.tobytes()) == (mode, other.tobytes())


def test_without_isal_pillow_inflates(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without ISA-L the decoder gets the deflated data as it is."""
    monkeypatch.setitem(sys.modules, "isal", None)
    assert pieces_of(b"deflated") == [b"deflated"]
