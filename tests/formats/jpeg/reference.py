"""What Pillow itself makes of a picture, at the same settings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support.pictures import saved

if TYPE_CHECKING:
    from PIL import Image


def by_pillow(picture: Image.Image, quality: int = 80, exif: Image.Exif | None = None) -> bytes:
    """A baseline JPEG with tables of its own, 4:2:0 where it has colours."""
    subsampling = "4:4:4" if picture.mode == "L" else "4:2:0"
    return saved(picture, quality=quality, subsampling=subsampling, optimize=True, exif=exif or b"")
