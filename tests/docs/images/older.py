"""Checks for the rows about BMP, ICO and JPEG 2000."""

import struct
from typing import Any

import numpy as np

from resizer.errors import Reason
from tests.docs.images.check import PICTURE, rejected, resized, row
from tests.formats.test_bmp import BITFIELDS, COLOURS, INFO, MASKS, RGB, V4, V5, bmp
from tests.formats.test_bmp import expected as in_fields
from tests.formats.test_ico import MASK, SMALL, bitmap, icon
from tests.formats.test_ico import PNG as PNG_INSIDE
from tests.formats.test_jpeg2000 import deep_rgb, subsampled, with_palette
from tests.support.drawn import profile_like
from tests.support.pictures import saved, translucent
from tests.support.small_files import RLE_BMP


def pixels(data: bytes) -> Any:
    """The pixels of a lossless rendition, with transparent ones set to zero."""
    samples = np.asarray(resized(data, formats=("png",)).image.convert("RGBA")).astype(int)
    return without_hidden(samples)


def without_hidden(samples: Any) -> Any:
    """The samples, with transparent pixels set to zero."""
    return np.where(samples[..., 3:] > 0, samples, 0)


@row("BMP with 1, 4, 8, 16, 24 or 32 bits per pixel")
def _() -> None:
    for mode in ("1", "L", "P", "RGB"):
        picture = PICTURE.quantize(16) if mode == "P" else PICTURE.convert(mode)
        assert resized(saved(picture, "BMP"), formats=("png",)).is_like(picture, 40)
    for kind in ("5-5-5", "5-6-5", "BGRX"):
        bits, masks = MASKS[kind]
        rendition = pixels(bmp(bits, masks, INFO, BITFIELDS))
        assert np.abs(rendition - in_fields(masks, alpha=False)).max() <= 1.01
    assert resized(RLE_BMP, formats=("png",)).image.convert("RGB").getpixel((0, 1)) == (0, 255, 0)


@row("BMP with transparency in a V4 or V5 header")
def _() -> None:
    for kind in ("4-4-4-4", "1-5-5-5", "BGRA"):
        bits, masks = MASKS[kind]
        for size in (V4, V5):
            shown = in_fields(masks, alpha=True)
            rendition = pixels(bmp(bits, masks, size, BITFIELDS))
            opaque = shown[..., 3] > 250
            assert np.abs(rendition[..., 3] - shown[..., 3]).max() <= 1.01
            assert np.abs(rendition - shown)[opaque].max() <= 1.01
    hidden = bytearray(bmp(*MASKS["BGRX"], V5, BITFIELDS))
    struct.pack_into("<I", hidden, 14 + 52, 0xFF000000)  # an alpha mask over zeros: all transparent
    assert not pixels(bytes(hidden)).any()


@row("BMP with a profile in a V5 header")
def _() -> None:
    data, profile = bytearray(bmp(*MASKS["24 bits"], V5, RGB)), profile_like(1.0)
    struct.pack_into("<I", data, 14 + 56, 0x4D424544)
    struct.pack_into("<II", data, 14 + 112, len(data) - 14, len(profile))
    rendition = pixels(bytes(data) + profile)
    light = (COLOURS[..., :3] / 255) ** (1 / 2.4)
    assert np.abs(rendition[..., :3] / 255 - light).mean() < 0.03


@row("BMP with a JPEG or PNG in it, or run-length encoded without its last pixels")
def _() -> None:
    for bits, compression in ((24, 4), (0, 5)):
        data = bytearray(bmp(*MASKS["24 bits"], INFO, RGB))
        struct.pack_into("<HI", data, 14 + 14, bits, compression)
        rejected(Reason.UNSUPPORTED_FORMAT, bytes(data))
    rejected(Reason.TRUNCATED, RLE_BMP[:-6] + b"\0\1")  # the bitmap's end before its second row


@row("Icon or cursor with several pictures")
def _() -> None:
    for pictures in (
        ((bitmap(24), 24), (bitmap(32), 32)),
        ((SMALL, 32), (bitmap(32), 32)),
        ((bitmap(24), 24), (PNG_INSIDE, 32)),
    ):
        data = icon(*pictures)
        for each in (data, data[:2] + b"\2" + data[3:]):
            assert np.abs(pixels(each) - without_hidden(COLOURS)).max() <= 1


@row("Icon with alpha 0 everywhere")
def _() -> None:
    assert (pixels(icon((bitmap(32, alpha=False), 32))) == without_hidden(MASK)).all()


@row("Truncated BMP, icon or JPEG 2000")
def _() -> None:
    for data in (saved(PICTURE, "BMP"), icon((PNG_INSIDE, 32)), saved(PICTURE, "JPEG2000")):
        rejected(Reason.TRUNCATED, data[: len(data) // 2])
        rejected(Reason.TRUNCATED, data[:-40])
    jpeg2000 = saved(PICTURE, "JPEG2000")
    assert resized(jpeg2000[:-2]).is_like(PICTURE)


@row("JPEG 2000 with a palette, or with grey and transparency, or with all components subsampled")
def _() -> None:
    image = resized(with_palette(), formats=("png",)).image.convert("RGB")
    colours = [image.getpixel((10 * number + 5, 15)) for number in range(4)]
    assert colours == [(255, 0, 0), (0, 255, 0), (255, 0, 0), (0, 0, 255)]
    grey = translucent(60, 40).convert("LA")
    rendition = resized(saved(grey, "JPEG2000"))
    assert rendition.kind == "PNG"
    assert rendition.is_like(grey, 40)
    small = PICTURE.resize((60, 40))
    assert resized(subsampled(small, 2), formats=("png",)).is_like(small, 40)


@row("JPEG 2000 in colour with more than 8 bits")
def _() -> None:
    assert resized(deep_rgb(65_280)).kind == "JPEG"
    rejected(Reason.UNSUPPORTED_FORMAT, deep_rgb(65_535))
