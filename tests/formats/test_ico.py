"""The best picture of an icon is decoded, with the transparency that browsers give it."""

import struct
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from resizer.errors import Reason, Rejected
from tests.support.decoding import pixels_of
from tests.support.headers import header_of
from tests.support.pictures import saved
from tests.support.tiffs import ramp

COLOURS = ramp(21, 37, 4)
MASKED = COLOURS[..., 3] < 128


def bitmap(bits: int, *, alpha: bool = True, mask: bool = True, pixels: NDArray[Any] = COLOURS) -> bytes:
    """One picture with its mask, as stored in an icon."""
    height, width = pixels.shape[:2]
    head = struct.pack("<IiiHHIIiiII", 40, width, 2 * height, 1, bits, 0, 0, 0, 0, 0, 0)
    stored = pixels[::-1, :, [2, 1, 0, 3]].copy()
    stored[..., 3] *= alpha
    rows = [row[:, : bits // 8].tobytes() for row in stored]
    hidden = np.packbits(np.pad(pixels[::-1, :, 3] < 128, ((0, 0), (0, -width % 32))), axis=1)
    return head + b"".join(row + bytes(-len(row) % 4) for row in rows) + hidden.tobytes() * mask


def icon(*pictures: tuple[bytes, int]) -> bytes:
    """An icon of pictures, each with the bit depth that its entry claims."""
    entries, body = b"", b""
    for data, bits in pictures:
        at = 6 + 16 * len(pictures) + len(body)
        entries += struct.pack("<BBBBHHII", 37, 21, 0, 0, 1, bits, len(data), at)
        body += data
    return struct.pack("<HHH", 0, 1, len(pictures)) + entries + body


def with_alpha(alpha: NDArray[Any] | int) -> NDArray[Any]:
    pixels = COLOURS.copy()
    pixels[..., 3] = alpha
    return pixels


MASK = with_alpha(np.where(MASKED, 0, 255))
PNG = saved(Image.fromarray(COLOURS), "PNG")
SMALL = bitmap(32, pixels=ramp(8, 8, 4))


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (icon((bitmap(32), 32)), COLOURS),
        (icon((bitmap(32), 0)), COLOURS),
        (icon((bitmap(32), 4)), COLOURS),
        (icon((bitmap(24), 24)), MASK),
        (icon((bitmap(24), 24), (bitmap(32), 32)), COLOURS),
        (icon((bitmap(32), 32), (bitmap(24), 24)), COLOURS),
        (icon((bitmap(24), 24), (PNG, 32)), COLOURS),
        (icon((SMALL, 32), (bitmap(24), 24)), MASK),
        (icon((bitmap(32, alpha=False), 32)), MASK),
        (icon((bitmap(24, mask=False), 24)), with_alpha(255)),
        (icon((bitmap(32, alpha=False, mask=False), 32)), with_alpha(255)),
    ],
)
def test_the_best_picture_is_decoded(data: bytes, expected: NDArray[Any]) -> None:
    """The largest picture counts, then the deepest, whatever the entries claim; without alpha the mask counts."""
    assert (np.asarray(pixels_of(data).convert("RGBA")) == expected).all()


def test_a_cursor_is_an_icon() -> None:
    """A cursor is read like an icon; a TGA that begins like a cursor is not an image."""
    data = icon((bitmap(32), 32))
    assert (np.asarray(pixels_of(data[:2] + b"\2" + data[3:])) == COLOURS).all()
    with pytest.raises(Rejected) as refused:
        header_of(b"\0\0\2" + bytes(9) + bytes((8, 0, 8, 0, 24, 0)) + bytes(8 * 8 * 3))
    assert refused.value.reason == Reason.NOT_AN_IMAGE


@pytest.mark.parametrize("kind", ["bmp", "png"])
@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "RGBA"])
def test_icons_of_pillow_are_read(mode: str, kind: str) -> None:
    """Icons of every mode are read back exactly."""
    picture = Image.fromarray(COLOURS).resize((32, 32))
    picture = picture.convert("RGB").quantize(16) if mode == "P" else picture.convert(mode)
    found = pixels_of(saved(picture, "ICO", sizes=[(32, 32)], bitmap_format=kind))
    assert (np.asarray(found.convert("RGBA")) == np.asarray(picture.convert("RGBA"))).all()


@pytest.mark.parametrize("cut", [200, 1000, 3100])
@pytest.mark.parametrize("picture", [bitmap(32), PNG])
def test_a_cut_icon_is_truncated(picture: bytes, cut: int) -> None:
    """An icon that ends within its colours is truncated."""
    with pytest.raises(Rejected) as refused:
        pixels_of(icon((picture, 32))[: -min(cut, len(picture) // 2)])
    assert refused.value.reason == Reason.TRUNCATED


def test_a_cut_mask_matters_only_without_alpha() -> None:
    """An icon without alpha needs its mask; with alpha the mask may be cut."""
    assert (np.asarray(pixels_of(icon((bitmap(32), 32))[:-50])) == COLOURS).all()
    with pytest.raises(Rejected) as refused:
        pixels_of(icon((bitmap(24), 24))[:-50])
    assert refused.value.reason == Reason.TRUNCATED


@pytest.mark.parametrize("damaged", [b"no picture" * 10, bitmap(32)[:20]])
def test_only_a_smaller_picture_may_be_damaged(damaged: bytes) -> None:
    """A smaller picture that is damaged or cut is ignored; a larger one makes the icon fail."""
    data = bytearray(icon((bitmap(32), 32), (damaged, 32)))
    data[22:24] = 16, 16
    assert (np.asarray(pixels_of(bytes(data))) == COLOURS).all()
    data[22:24] = 0, 0
    with pytest.raises(Rejected) as refused:
        pixels_of(bytes(data))
    assert refused.value.reason in {Reason.CORRUPT, Reason.TRUNCATED}


def test_an_animated_icon_is_a_still() -> None:
    """An animated PNG in an icon is decoded as a still, as in browsers."""
    frames = [Image.new("RGBA", (32, 32), colour) for colour in ("red", "green", "blue")]
    data = icon((saved(frames[0], "PNG", save_all=True, append_images=frames[1:]), 32))
    assert header_of(data).frames == 1
    assert pixels_of(data).convert("RGBA").getpixel((9, 9)) == (255, 0, 0, 255)


def test_hostile_icons_are_refused() -> None:
    """An icon of too many pictures, or of none, is corrupt; a huge picture is refused before decoding."""
    for data in (b"\0\0\1\0\xff\xff" + bytes(16 * 65_535), b"\0\0\1\0\0\0"):
        with pytest.raises(Rejected) as refused:
            header_of(data)
        assert refused.value.reason == Reason.CORRUPT
    large = bytearray(bitmap(32))
    struct.pack_into("<ii", large, 4, 60_000, 60_000)
    with pytest.raises(Rejected) as refused:
        header_of(icon((bytes(large), 32)))
    assert refused.value.reason == Reason.TOO_MANY_PIXELS
