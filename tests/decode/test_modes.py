"""Every kind of picture is decoded to the right pixels, in a mode that can be resized, and no larger than needed."""

import io
import struct
import zlib
from typing import Any

import numpy as np
import pytest
from PIL import Image

from resizer.decode.frames import decode
from resizer.decode.header import open_image
from resizer.model import OVERSAMPLING
from tests.support.decoding import LIMITS, PICTURE, pixels_of
from tests.support.forged import chunk
from tests.support.pictures import photo_like, psnr, saved


def test_jpegs_are_decoded_no_larger_than_needed() -> None:
    """A JPEG is decoded at the smallest scale that leaves 1.5 times the width of the widest rendition."""
    for stored, orientation, widest, decoded in [
        ((4000, 3000), 1, 1000, (2000, 1500)),
        ((4666, 3000), 1, 1000, (2333, 1500)),
        ((4667, 3000), 1, 1000, (2334, 1500)),
        ((5999, 3001), 1, 1000, (3000, 1501)),
        ((3000, 2000), 1, 1000, (1500, 1000)),
        ((2999, 2000), 1, 1000, (2999, 2000)),
        ((6000, 100), 1, 1000, (1500, 25)),
        ((11_999, 100), 1, 1000, (3000, 25)),
        ((12_000, 100), 1, 1000, (1500, 13)),
        ((40_000, 100), 1, 1000, (5000, 13)),
        ((1000, 9000), 1, 1000, (1000, 9000)),
        ((100, 9000), 1, 1, (13, 1125)),
        ((300, 200), 1, 1000, (300, 200)),
        ((1000, 500), 1, 333, (500, 250)),
        ((1001, 500), 1, 334, (1001, 500)),
        ((4000, 3000), 3, 1000, (2000, 1500)),
        ((4000, 3000), 5, 1000, (2000, 1500)),
        ((4000, 2999), 6, 1000, (4000, 2999)),
        ((100, 6000), 7, 1000, (25, 1500)),
        ((100, 12_000), 8, 1000, (13, 1500)),
    ]:
        exif = Image.Exif()
        exif[0x0112] = orientation
        pixels = pixels_of(saved(Image.new("L", stored, 90), exif=exif.tobytes()), widest)
        assert pixels.size == decoded
        upright, before = (pixels.height, stored[1]) if orientation >= 5 else (pixels.width, stored[0])
        assert upright >= min(before, OVERSAMPLING * widest)


@pytest.mark.parametrize(
    ("mode", "format_", "options", "decoded"),
    [
        ("1", "PNG", {}, "L"),
        ("1", "TIFF", {}, "L"),
        ("1", "PNG", {"transparency": 0}, "RGBA"),
        ("L", "JPEG", {}, "L"),
        ("L", "PNG", {}, "L"),
        ("L", "WEBP", {}, "RGB"),
        ("L", "PNG", {"transparency": 7}, "RGBA"),
        ("LA", "PNG", {}, "RGBA"),
        ("LA", "TIFF", {}, "RGBA"),
        ("P", "PNG", {}, "RGB"),
        ("P", "GIF", {}, "RGB"),
        ("P", "BMP", {}, "RGB"),
        ("P", "PNG", {"transparency": bytes(range(256))}, "RGBA"),
        ("P", "GIF", {"transparency": 3, "optimize": False}, "RGBA"),
        ("RGB", "JPEG", {}, "RGB"),
        ("RGB", "PNG", {}, "RGB"),
        ("RGB", "PNG", {"transparency": (255, 255, 255)}, "RGBA"),
        ("RGBA", "PNG", {}, "RGBA"),
        ("RGBA", "WEBP", {"lossless": True}, "RGBA"),
        ("RGBA", "TIFF", {}, "RGBA"),
        ("CMYK", "JPEG", {"quality": 95}, "CMYK"),
        ("CMYK", "TIFF", {}, "CMYK"),
        ("YCbCr", "TIFF", {}, "RGB"),
        ("LAB", "TIFF", {}, "RGB"),
        ("I;16", "PNG", {}, "L"),
        ("I;16", "TIFF", {}, "L"),
        ("I;16B", "TIFF", {}, "L"),
    ],
)
def test_every_mode_can_be_resized(mode: str, format_: str, options: dict[str, Any], decoded: str) -> None:
    """Every mode is decoded to L, RGB, RGBA or CMYK; grey stays grey, and transparency is kept."""
    pixels = pixels_of(saved(in_mode(mode), format_, **options))
    assert pixels.mode == decoded
    assert pixels.size == PICTURE.size


@pytest.mark.parametrize("mode", ["LA", "P", "1"])
def test_converted_pixels_are_freed(mode: str) -> None:
    """Pixels that had to be converted are freed at once, and not with the file: they take as much memory again."""
    image, header = open_image(io.BytesIO(saved(in_mode(mode), "TIFF")), LIMITS)
    pixels = next(decode(image, header, (1000, 1))).pixels
    assert pixels is not image
    with pytest.raises(ValueError, match="closed"):
        image.getpixel((0, 0))


def in_mode(mode: str) -> Image.Image:
    """The picture in any of Pillow's modes."""
    if mode.startswith("I;16"):
        ramp = Image.new("I;16", PICTURE.size)
        ramp.putdata([27 * step for step in range(ramp.width * ramp.height)])
        swapped = np.asarray(ramp).astype(">u2").tobytes()
        return ramp if mode == "I;16" else Image.frombytes(mode, ramp.size, swapped)
    if mode in {"LA", "RGBA"}:
        translucent = PICTURE.convert("L" if mode == "LA" else "RGB")
        translucent.putalpha(128)
        return translucent
    return PICTURE.convert(mode)


@pytest.mark.parametrize(("mode", "format_"), [("CMYK", "JPEG"), ("CMYK", "TIFF"), ("YCbCr", "TIFF"), ("RGB", "BMP")])
def test_colours_survive_other_colour_models(mode: str, format_: str) -> None:
    """Colours stored in CMYK, inverted as by Adobe or not, in YCbCr or in BGR are the picture's own."""
    options = {"quality": 95} if format_ == "JPEG" else {}
    assert psnr(pixels_of(saved(PICTURE.convert(mode), format_, **options)).convert("RGB"), PICTURE) > 30


@pytest.mark.parametrize(("mode", "format_"), [("I;16", "PNG"), ("I;16", "TIFF"), ("I;16B", "TIFF")])
def test_sixteen_bits_are_scaled_and_not_clipped(mode: str, format_: str) -> None:
    """16-bit grey becomes its upper 8 bits, from black to white."""
    pixels = pixels_of(saved(in_mode(mode), format_))
    expected = [27 * step // 256 for step in range(pixels.width * pixels.height)]
    assert max(abs(got - want) for got, want in zip(pixels.tobytes(), expected, strict=True)) <= 1


def test_sixteen_bits_with_a_transparent_value_are_scaled_too() -> None:
    """16-bit grey with a transparent value is scaled the same way, and only that value is transparent."""
    pixels = pixels_of(saved(in_mode("I;16"), "PNG", transparency=27 * 1000))
    alpha = pixels.getchannel("A").tobytes()
    assert [step for step, value in enumerate(alpha) if value == 0] == [1000]
    grey = pixels.getchannel("R").tobytes()
    assert all(abs(grey[step] - 27 * step // 256) <= 1 for step in range(len(grey)) if step != 1000)


def test_a_transparent_palette_entry_is_transparent() -> None:
    """Only the pixels of a palette's transparent entry become transparent."""
    picture = Image.new("P", (4, 1))
    picture.putpalette([255, 0, 0, 0, 255, 0, 0, 0, 255])
    picture.putdata([0, 1, 2, 1])
    pixels = pixels_of(saved(picture, "PNG", transparency=1))
    assert pixels.tobytes()[3::4] == b"\xff\x00\xff\x00"
    assert pixels.tobytes()[:3] == b"\xff\x00\x00"


def grey_png(depth: int, row: bytes, width: int, transparent: int) -> bytes:
    """A grey PNG of one row with a transparent value, in a depth that Pillow does not write."""
    size = chunk(b"IHDR", struct.pack(">IIBBBBB", width, 1, depth, 0, 0, 0, 0))
    pixels = chunk(b"IDAT", zlib.compress(b"\0" + row))
    return b"\x89PNG\r\n\x1a\n" + size + chunk(b"tRNS", struct.pack(">H", transparent)) + pixels + chunk(b"IEND")


@pytest.mark.parametrize(
    ("depth", "row", "transparent", "alpha"),
    [
        (1, 0b0101_0000, 1, [255, 0, 255, 0]),
        (2, 0b0001_1011, 0, [0, 255, 255, 255]),
        (2, 0b0001_1011, 1, [255, 0, 255, 255]),
        (2, 0b0001_1011, 3, [255, 255, 255, 0]),
        (2, 0b0001_1011, 0xFF01, [255, 0, 255, 255]),
        (4, 0x5A, 5, [0, 255]),
        (4, 0x5A, 10, [255, 0]),
        (8, 0x55, 0x55, [0]),
    ],
)
def test_the_transparent_grey_of_every_depth_is_transparent(
    depth: int, row: int, transparent: int, alpha: list[int]
) -> None:
    """Only the transparent grey of a PNG is transparent at 1, 2, 4 and 8 bits; upper bits of tRNS are ignored."""
    pixels = pixels_of(grey_png(depth, bytes([row]), len(alpha), transparent))
    assert list(pixels.getchannel("A").tobytes()) == alpha


def test_a_separate_default_image_is_not_a_frame() -> None:
    """An animated PNG's separate default image is not a frame, and does not show through the first one."""
    alone = Image.new("RGBA", (40, 30), (200, 0, 0, 255))
    frames = [Image.new("RGBA", (40, 30), (0, 0, 0, 0)) for _ in range(2)]
    for number, frame in enumerate(frames):
        frame.paste((0, 200, 50 * number, 255), (10 * number, 0, 10 * number + 10, 30))
    for blend in (0, 1):  # replaces the canvas, or is blended over it
        options = {"default_image": True, "duration": [70, 90], "loop": 3, "blend": blend, "disposal": 1}
        image, known = open_image(
            io.BytesIO(saved(alone, "PNG", save_all=True, append_images=frames, **options)), LIMITS
        )
        decoded = list(decode(image, known, (1000, 1)))
        assert (known.frames, known.loop) == (2, 3)
        assert [frame.duration for frame in decoded] == [70, 90]
        assert [frame.pixels.tobytes() for frame in decoded] == [frame.tobytes() for frame in frames]


@pytest.mark.parametrize("format_", ["GIF", "PNG", "WEBP"])
def test_every_frame_is_complete_and_has_its_duration(format_: str) -> None:
    """An animation gives all its frames in order, each fully composed and with its duration."""
    pictures = [photo_like(60, 40, seed=seed).quantize(64).convert("RGB") for seed in range(3)]
    data = saved(pictures[0], format_, save_all=True, append_images=pictures[1:], duration=[40, 80, 120], lossless=True)
    frames = list(decode(*open_image(io.BytesIO(data), LIMITS), (1000, 1)))
    assert [frame.duration for frame in frames] == [40, 80, 120]
    for frame, picture in zip(frames, pictures, strict=True):
        assert psnr(frame.pixels.convert("RGB"), picture) > 25
