"""Renditions are upright, however the source is stored."""

from __future__ import annotations

import io
from typing import Any

import pytest
from PIL import ExifTags, Image, ImageOps

from tests.right_pictures.conftest import PICTURE
from tests.support.drawn import expected
from tests.support.pictures import psnr, saved


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("format_", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
def test_every_orientation_becomes_upright(orientation: int, format_: str, resize: Any) -> None:
    """The rendition is upright for every orientation tag, and has no such tag itself."""
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    source = Image.open(io.BytesIO(saved(PICTURE, format_, exif=exif.tobytes())))
    _, rendition = resize(saved(PICTURE, format_, exif=exif.tobytes()))
    upright = ImageOps.exif_transpose(source) if format_ != "TIFF" else source
    assert psnr(rendition.convert("RGB"), expected(upright.convert("RGB"))) > 29
    assert ExifTags.Base.Orientation not in rendition.getexif()


@pytest.mark.parametrize("orientation", range(2, 9))
@pytest.mark.parametrize("format_", ["JPEG", "TIFF"])
def test_an_orientation_in_xmp_is_ignored(orientation: int, format_: str, resize: Any) -> None:
    """A picture with an orientation only in XMP is shown as stored, as in browsers."""
    xmp = f'<x:xmpmeta xmlns:x="adobe:ns:meta/" tiff:Orientation="{orientation}"></x:xmpmeta>'.encode()
    options: dict[str, Any] = {"xmp": xmp} if format_ == "JPEG" else {"tiffinfo": {700: xmp}}
    _, rendition = resize(saved(PICTURE, format_, **options))
    assert psnr(rendition.convert("RGB"), expected(PICTURE)) > 29
