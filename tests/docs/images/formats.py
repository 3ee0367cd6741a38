"""Checks for the rows about formats, orientation and bit depth."""

import io
from collections.abc import Callable
from typing import Final

import numpy as np
from PIL import ExifTags, Image, ImageOps

from resizer.errors import Reason
from tests.docs.images.check import PICTURE, rejected, resized, row
from tests.support.drawn import sixteen_bit_rgb_png
from tests.support.pictures import heic, saved, translucent
from tests.support.rights_blocks import xmp
from tests.support.tiffs import page, tiff_file

TRANSPARENT: Final = translucent(64, 48)


@row("JPEG, PNG, GIF or WebP")
def _() -> None:
    for format_ in ("JPEG", "PNG", "GIF", "WEBP"):
        rendition = resized(saved(PICTURE, format_))
        assert rendition.kind == format_
        assert rendition.is_like(PICTURE, 24)


@row("AVIF, HEIC, TIFF, BMP, ICO or JPEG 2000")
def _() -> None:
    for format_ in ("AVIF", "HEIC", "TIFF", "BMP", "JPEG2000"):
        rendition = resized(heic(PICTURE) if format_ == "HEIC" else saved(PICTURE, format_))
        assert rendition.kind == "JPEG"
        assert rendition.is_like(PICTURE)
    for format_ in ("AVIF", "HEIC", "TIFF", "ICO", "JPEG2000"):
        rendition = resized(heic(TRANSPARENT) if format_ == "HEIC" else saved(TRANSPARENT, format_, sizes=[(64, 48)]))
        assert rendition.kind == "PNG"
        assert rendition.is_like(TRANSPARENT)


@row("SVG, PDF, EPS, PSD, JPEG XL or video")
def _() -> None:
    starts = (b"<svg/>", b"%PDF-1.7", b"\xc5\xd0\xd3\xc6", b"8BPS\0\1", b"\xff\x0a", b"\0\0\0\x20ftypisom", b"OggS")
    for start in starts:
        rejected(Reason.UNSUPPORTED_FORMAT, start + bytes(600))


@row("Anything else")
def _() -> None:
    for data in (b"", b"Hello", bytes(900)):
        rejected(Reason.NOT_AN_IMAGE, data)


def turned(orientation: int) -> bytes:
    """An EXIF block with this orientation."""
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    return exif.tobytes()


@row("Picture with an orientation")
def _() -> None:
    upright = ImageOps.exif_transpose(Image.open(io.BytesIO(saved(PICTURE, "PNG", exif=turned(6)))))
    savers: dict[str, Callable[..., bytes]] = {
        name: lambda picture, name=name, **options: saved(picture, name, **options)
        for name in ("JPEG", "PNG", "WEBP", "TIFF", "AVIF")
    }
    packet = xmp("Ada").replace(b"<rdf:Description", b'<rdf:Description tiff:Orientation="6"', 1)
    for name, save in (savers | {"HEIC": heic}).items():
        data = save(PICTURE, exif=turned(6))
        assert resized(data).is_like(upright), name
        if name in {"JPEG", "WEBP"}:
            assert resized(save(PICTURE, xmp=packet)).is_like(PICTURE)
        if name in {"AVIF", "HEIC"}:  # their irot box says no rotation
            at = data.index(b"irot") + 4
            assert resized(data[:at] + b"\0" + data[at + 1 :]).is_like(PICTURE), name


@row("Picture with 16 bits per channel")
def _() -> None:
    assert resized(sixteen_bit_rgb_png(PICTURE)).is_like(PICTURE, 50)
    deep = np.asarray(PICTURE).astype("<u2") * 257
    assert resized(tiff_file(page(deep))).is_like(PICTURE)
