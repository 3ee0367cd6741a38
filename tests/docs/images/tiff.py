"""Checks for the rows about TIFFs."""

from typing import Any, Final

import numpy as np
from PIL import Image

from resizer.errors import Reason
from tests.docs.images.check import PICTURE, rejected, resized, row
from tests.formats.tiff.test_camera_raw import EXPORTED, RAW
from tests.formats.tiff.test_tiff import ORDERS, REDUCED, lab
from tests.support.pictures import saved
from tests.support.tiffs import LONG, SHORT, page, ramp, tiff_file

SAMPLES: Final = ramp(kind="u1")
FULL: Final = Image.fromarray(SAMPLES)
SMALL: Final = ramp(8, 10)


def in_png(data: bytes) -> Any:
    """The pixels of a lossless rendition."""
    return np.asarray(resized(data, formats=("png",)).image.convert("RGBA")).astype(int)


@row("TIFF with either byte order, BigTIFF, strips, tiles or planes")
def _() -> None:
    for order, big in ORDERS:
        for apart in (False, True):
            assert resized(tiff_file(page(SAMPLES, apart=apart), order=order, big=big)).is_like(FULL)
    padded = np.pad(SAMPLES, ((0, 2), (0, 8), (0, 0)))  # the sides of a tile are multiples of 16
    tile = page(padded, t256=(LONG, (40,)), t257=(LONG, (30,)), t322=(SHORT, (48,)), t323=(SHORT, (32,)))
    assert resized(tiff_file(tile)).is_like(FULL)


@row("TIFF compressed with LZW, Deflate, PackBits, JPEG, fax codes, LZMA or Zstandard")
def _() -> None:
    for compression in ("tiff_lzw", "tiff_adobe_deflate", "packbits", "jpeg", "lzma", "zstd"):
        assert resized(saved(PICTURE, "TIFF", compression=compression)).is_like(PICTURE)
    fax = PICTURE.convert("1")
    for compression in ("group3", "group4"):
        assert resized(saved(fax, "TIFF", compression=compression), formats=("png",)).is_like(fax, 60)


@row("TIFF compressed with JBIG, JPEG 2000, LERC, WebP or JPEG XL")
def _() -> None:
    for method in (34661, 34712, 34887, 50001, 50002):
        rejected(Reason.UNSUPPORTED_FORMAT, tiff_file(page(SMALL, t259=(SHORT, (method,)))))


@row("TIFF with several pages")
def _() -> None:
    for pages in (
        (page(SMALL, **REDUCED), page(SAMPLES)),
        (page(SMALL, **REDUCED, below=(page(SAMPLES),)),),
        (page(SAMPLES), page(np.ones((50, 60, 3), "u1"))),
    ):
        assert resized(tiff_file(*pages)).is_like(FULL)


@row("TIFF in CIE L\\*a\\*b\\* with 8 or 16 bits")
def _() -> None:
    for bits in (8, 16):
        for photometric in (8, 9):
            samples = np.stack([lab(53.39, 0, 0, photometric, bits)] * 4)[None]
            pixels = in_png(tiff_file(page(samples, t262=(SHORT, (photometric,)))))
            assert np.abs(pixels - (127, 127, 127, 255)).max() <= 1


@row("TIFF with 8-bit values in its palette")
def _() -> None:
    colours = [200, 20, 30, 210, 40, 50]  # red, green and blue of two colours
    maps = tuple(colours[channel::3][index % 2] for channel in range(3) for index in range(256))
    tags: dict[str, Any] = {"t262": (SHORT, (3,)), "t320": (SHORT, maps)}
    pixels = in_png(tiff_file(page(np.array([[0, 1]], "u1"), **tags)))
    assert pixels.tolist() == [[[200, 20, 30, 255], [210, 40, 50, 255]]]


@row("TIFF with grey floats")
def _() -> None:
    for low, high in ((0, 1), (-5, 300)):
        grey = np.linspace(low, high, 40, dtype="f4")[None]
        pixels = in_png(tiff_file(page(grey, t339=(SHORT, (3,)))))[0, :, 0]
        assert np.abs(pixels - np.linspace(0, 255, 40)).max() <= 1
    half = in_png(tiff_file(page(np.full((2, 2), 0.5, "f4"), t339=(SHORT, (3,)))))
    assert abs(half[0, 0, 0] - 128) <= 1


@row("TIFF with floats in colours, 64-bit samples, 16-bit grey and alpha, grey and alpha in planes, or CMYK and alpha")
def _() -> None:
    floats = ramp().astype("f4") / 255
    rejected(Reason.UNSUPPORTED_FORMAT, tiff_file(page(floats, t339=(SHORT, (3,) * 3))))
    rejected(Reason.UNSUPPORTED_FORMAT, tiff_file(page(np.zeros((4, 4), "f8"), t339=(SHORT, (3,)))))
    alpha: dict[str, Any] = {"t338": (SHORT, (2,))}
    both = np.zeros((4, 4, 2), "u2")
    rejected(Reason.UNSUPPORTED_FORMAT, tiff_file(page(both, t262=(SHORT, (1,)), **alpha)))
    rejected(Reason.UNSUPPORTED_FORMAT, tiff_file(page(both.astype("u1"), apart=True, **alpha)))
    inks = np.zeros((4, 4, 5), "u1")
    rejected(Reason.UNSUPPORTED_FORMAT, tiff_file(page(inks, t262=(SHORT, (5,)), **alpha)))


@row("Truncated TIFF")
def _() -> None:
    rejected(Reason.TRUNCATED, tiff_file(page(SAMPLES))[:-200])
    for options in ({}, {"compression": "tiff_lzw"}):
        rejected(Reason.TRUNCATED, saved(PICTURE, "TIFF", **options)[:-60])


@row("Camera raw file (DNG, NEF, CR2, ARW and others)")
def _() -> None:
    for data in (*RAW.values(), b"FUJIFILMCCD-RAW" + bytes(100), b"IIU\0" + bytes(100)):
        rejected(Reason.UNSUPPORTED_FORMAT, data)
    for data in EXPORTED.values():  # exported TIFFs are not raw files
        assert resized(data).image.size == (40, 30)
