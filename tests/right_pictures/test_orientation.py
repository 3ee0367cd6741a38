"""Renditions are upright, however the source is stored."""

import io
from itertools import product
from typing import Any

import pytest
from PIL import ExifTags, Image, ImageOps

from tests.right_pictures.conftest import PICTURE
from tests.support.drawn import expected
from tests.support.pictures import psnr, saved


@pytest.mark.parametrize(
    ("format_", "orientation"),
    [
        *product(["JPEG", "AVIF"], range(1, 9)),  # AVIF has boxes for them
        *product(["PNG", "WEBP", "TIFF"], [3, 6]),
    ],
)
def test_every_orientation_becomes_upright(orientation: int, format_: str, resize: Any) -> None:
    """The rendition is upright for every orientation tag, and has no such tag itself."""
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    source = Image.open(io.BytesIO(saved(PICTURE, format_, exif=exif.tobytes())))
    _, rendition = resize(saved(PICTURE, format_, exif=exif.tobytes()))
    upright = ImageOps.exif_transpose(source) if format_ != "TIFF" else source
    assert psnr(rendition.convert("RGB"), expected(upright.convert("RGB"))) > 29
    assert ExifTags.Base.Orientation not in rendition.getexif()


@pytest.mark.parametrize("orientation", [3, 6])
@pytest.mark.parametrize("format_", ["JPEG", "TIFF"])
def test_an_orientation_in_xmp_is_ignored(orientation: int, format_: str, resize: Any) -> None:
    """A picture with an orientation only in XMP is shown as stored, as in browsers."""
    xmp = f'<x:xmpmeta xmlns:x="adobe:ns:meta/" tiff:Orientation="{orientation}"></x:xmpmeta>'.encode()
    options: dict[str, Any] = {"xmp": xmp} if format_ == "JPEG" else {"tiffinfo": {700: xmp}}
    _, rendition = resize(saved(PICTURE, format_, **options))
    assert psnr(rendition.convert("RGB"), expected(PICTURE)) > 29
