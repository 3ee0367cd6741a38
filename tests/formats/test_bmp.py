"""BMPs look as in browsers, whatever their header version and bit masks."""

import io
import struct
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from resizer.decode.header import open_image
from resizer.errors import Reason, Rejected
from tests.support.decoding import LIMITS, pixels_of
from tests.support.headers import header_of
from tests.support.pictures import saved
from tests.support.small_files import RLE_BMP
from tests.support.tiffs import ramp

INFO, V2, V3, V4, V5 = 40, 52, 56, 108, 124
RGB, BITFIELDS, ALPHA_BITFIELDS = 0, 3, 6
SRGB: Final = 0x73524742
COLOURS = ramp(21, 37, 4)
MASKS: Final = {
    "4-4-4-4": (16, (0xF00, 0xF0, 0xF, 0xF000)),
    "4-4-4": (16, (0xF00, 0xF0, 0xF, 0)),
    "1-5-5-5": (16, (0x7C00, 0x3E0, 0x1F, 0x8000)),
    "5-5-5": (16, (0x7C00, 0x3E0, 0x1F, 0)),
    "5-6-5": (16, (0xF800, 0x7E0, 0x1F, 0)),
    "3-3-2": (16, (0xE0, 0x1C, 0x3, 0)),
    "BGRA": (32, (0xFF0000, 0xFF00, 0xFF, 0xFF000000)),
    "BGRX": (32, (0xFF0000, 0xFF00, 0xFF, 0)),
    "RGBA": (32, (0xFF, 0xFF00, 0xFF0000, 0xFF000000)),
    "ABGR": (32, (0xFF000000, 0xFF0000, 0xFF00, 0xFF)),
    "2-10-10-10": (32, (0x3FF, 0x3FF << 10, 0x3FF << 20, 0xC0000000)),
    "7-1-8": (32, (0xFE000000, 0x01000000, 0xFF0000, 0)),
    "24 bits": (24, (0xFF0000, 0xFF00, 0xFF, 0)),
}


def shift_and_largest(mask: int) -> tuple[int, int]:
    """The shift of a mask's values, and the largest value."""
    shift = (mask & -mask).bit_length() - 1
    return shift, mask >> shift


def bmp(bits: int, masks: Sequence[int], size: int, compression: int, *, top_down: bool = False) -> bytes:
    values = np.zeros(COLOURS.shape[:2], "u8")
    for channel, mask in enumerate(masks):
        if mask:
            shift, largest = shift_and_largest(mask)
            values |= np.round(COLOURS[..., channel] / 255 * largest).astype("u8") << np.uint64(shift)
    rows = [b"".join(int(value).to_bytes(bits // 8, "little") for value in row) for row in values]
    rows = [row + bytes(-len(row) % 4) for row in (rows if top_down else rows[::-1])]
    height = -len(rows) if top_down else len(rows)
    head = struct.pack("<IiiHHIIiiII", size, COLOURS.shape[1], height, 1, bits, compression, 0, 0, 0, 0, 0)
    if size > INFO:
        head = (head + struct.pack("<5I", *masks, SRGB))[:size].ljust(size, b"\0")
    elif compression != RGB:
        head += struct.pack("<4I", *masks)[: 12 if compression == BITFIELDS else 16]
    return b"BM" + struct.pack("<IHHI", 0, 0, 0, 14 + len(head)) + head + b"".join(rows)


def expected(masks: Sequence[int], *, alpha: bool) -> NDArray[Any]:
    pixels = COLOURS.astype(float)
    for channel, mask in enumerate(masks):
        largest = shift_and_largest(mask)[1] if mask else 0
        pixels[..., channel] = np.round(pixels[..., channel] / 255 * largest) * 255 / largest if largest else 0
    if not alpha:
        pixels[..., 3] = 255
    return pixels


def test_all_bit_fields_are_read_in_all_headers() -> None:
    """Every field is read within one level, bottom-up or top-down; alpha counts if the header has a mask for it."""
    for kind in MASKS:
        for size in [INFO, V2, V3, V4, V5]:
            bits, masks = MASKS[kind]
            usual = masks[:3] == ((0x7C00, 0x3E0, 0x1F) if bits == 16 else (0xFF0000, 0xFF00, 0xFF))
            compressions = (
                [BITFIELDS] * (bits != 24) + [RGB] * usual + [ALPHA_BITFIELDS] * (size == INFO and bits != 24)
            )
            for compression in compressions:
                for top_down in (False, True):
                    found = pixels_of(bmp(bits, masks, size, compression, top_down=top_down))
                    counts = size >= V4 or (size == V3 and compression == BITFIELDS) or compression == ALPHA_BITFIELDS
                    alpha = bool(masks[3]) and counts
                    assert found.mode == ("RGBA" if alpha else "RGB")
                    assert np.abs(np.asarray(found.convert("RGBA")) - expected(masks, alpha=alpha)).max() <= 1.01


def test_alpha_that_is_all_zero_counts() -> None:
    """A picture whose alpha is zero everywhere is invisible, as in browsers."""
    data = bytearray(bmp(*MASKS["BGRX"], V5, BITFIELDS))
    struct.pack_into("<I", data, 14 + 52, 0xFF000000)
    assert pixels_of(bytes(data)).getchannel("A").getextrema() == (0, 0)


@pytest.mark.parametrize("at", ["after", "before"])
def test_an_embedded_profile_is_found(at: str) -> None:
    """The profile of a V5 header is found anywhere in the file; a file that ends within it is truncated."""
    data = bytearray(bmp(*MASKS["24 bits"], V5, RGB))
    place = len(data) - 14
    data += b"a profile"
    if at == "before":
        data[14 + V5 : 14 + V5] = b"a profile"
        struct.pack_into("<I", data, 10, 14 + V5 + len(b"a profile"))
        place = V5
    struct.pack_into("<I", data, 14 + 56, 0x4D424544)
    struct.pack_into("<II", data, 14 + 112, place, len(b"a profile"))
    image, _ = open_image(io.BytesIO(data), LIMITS)
    assert image.info["icc_profile"] == b"a profile"
    if at == "after":
        with pytest.raises(Rejected) as refused:
            header_of(bytes(data[:-1]))
        assert refused.value.reason == Reason.TRUNCATED


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB"])
def test_bmps_of_pillow_are_read(mode: str) -> None:
    """Pictures with and without a palette are read back exactly; a cut file is truncated."""
    picture = Image.fromarray(COLOURS[..., :3])
    picture = picture.quantize(200) if mode == "P" else picture.convert(mode)
    data = saved(picture, "BMP")
    found = pixels_of(data)
    assert found.mode == ("L" if mode == "L" else "RGB")
    assert (np.asarray(found.convert("RGB")) == np.asarray(picture.convert("RGB"))).all()
    with pytest.raises(Rejected) as refused:
        pixels_of(data[:-20])
    assert refused.value.reason == Reason.TRUNCATED


def test_run_length_encoding_is_read() -> None:
    """A run-length encoded BMP is decoded with its palette."""
    assert pixels_of(RLE_BMP).convert("RGB").getpixel((0, 1)) == (0, 255, 0)


def test_reserved_bytes_are_ignored() -> None:
    """The four reserved bytes may hold anything, but a text that starts with BM is not an image."""
    data = bmp(*MASKS["BGRA"], V4, BITFIELDS)
    assert (np.asarray(pixels_of(data[:6] + b"Ada!" + data[10:])) == COLOURS).all()
    with pytest.raises(Rejected) as refused:
        header_of(b"BMI is a measure, and this is a text that begins like a picture.")
    assert refused.value.reason == Reason.NOT_AN_IMAGE


@pytest.mark.parametrize(("bits", "compression"), [(24, 4), (1, 3), (0, 5), (2, 0), (8, 2)])
def test_rare_compressions_and_depths_are_unsupported(bits: int, compression: int) -> None:
    """An embedded JPEG or PNG, Huffman coding and rare depths are unsupported, not corrupt."""
    data = bytearray(bmp(*MASKS["24 bits"], INFO, RGB))
    struct.pack_into("<HI", data, 14 + 14, bits, compression)
    with pytest.raises(Rejected) as refused:
        header_of(bytes(data))
    assert refused.value.reason == Reason.UNSUPPORTED_FORMAT


def test_bit_fields_with_holes_are_corrupt() -> None:
    """A mask whose bits are not adjacent is corrupt: no program writes one."""
    with pytest.raises(Rejected) as refused:
        header_of(bmp(16, (0xF0F, 0xF0, 0, 0), V4, BITFIELDS))
    assert refused.value.reason == Reason.CORRUPT


@pytest.mark.parametrize("bits", [1, 4, 8])
def test_a_short_palette_is_read(bits: int) -> None:
    """A palette may have fewer colours than an index can address, also if its two colours are black and white."""
    for second in ((255, 255, 255), (200, 10, 30)):
        size = struct.pack("<IiiHHIIiiII", INFO, 2, 1, 1, bits, RGB, 0, 0, 0, 2, 0)
        palette = bytes(4) + bytes(second[::-1]) + b"\0"
        row = {1: b"\x40", 4: b"\x01", 8: b"\0\1"}[bits].ljust(4, b"\0")
        data = b"BM" + struct.pack("<IHHI", 0, 0, 0, 14 + INFO + len(palette)) + size + palette + row
        found = pixels_of(data).convert("RGB")
        assert [found.getpixel((x, 0)) for x in (0, 1)] == [(0, 0, 0), second]


@pytest.mark.parametrize("bits", [1, 4, 8, 24])
def test_the_oldest_header_is_read(bits: int) -> None:
    """Windows 2's and OS/2's header has sizes of 16 bits, and palette entries of three bytes."""
    colours = [(10, 20, 30), (200, 10, 30)]
    palette = b"".join(bytes(colour[::-1]) for colour in colours) + bytes(3 * ((1 << bits) - 2)) if bits < 24 else b""
    row = {1: b"\x40", 4: b"\x01", 8: b"\0\1", 24: b"".join(bytes(colour[::-1]) for colour in colours)}[bits]
    head = struct.pack("<IHHHH", 12, 2, 1, 1, bits) + palette
    data = b"BM" + struct.pack("<IHHI", 0, 0, 0, 14 + len(head)) + head + row.ljust(-(-2 * bits // 32) * 4, b"\0")
    found = pixels_of(data).convert("RGB")
    assert [found.getpixel((x, 0)) for x in (0, 1)] == colours
