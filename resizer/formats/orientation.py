"""Reads EXIF's orientation, by the same rules for every format."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from PIL import ExifTags, Image

from resizer.errors import is_our_fault, is_raised_here
from resizer.model import MAX_EXIF_BYTES

UPRIGHT: Final = 1


@contextmanager
def ignored_damage() -> Iterator[None]:
    """Ignore errors of Pillow: hostile EXIF may raise anything, and the picture does not need it."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except Exception as problem:
        # Pillow raises it for a number where it expects text.
        in_pillow = isinstance(problem, AttributeError) and not is_raised_here(problem)
        if is_our_fault(problem) and not in_pillow:
            raise


def exif_orientation(exif: bytes | None) -> int:
    """The orientation, 1 to 8, in an EXIF block, with or without `Exif\\0\\0` in front; 1 if it has none.

    It may be any integer. Pillow's `getexif` would also use XMP's orientation, which browsers ignore.
    """
    tags, found = Image.Exif(), None
    with ignored_damage():
        tags.load((exif or b"")[:MAX_EXIF_BYTES])
        found = tags.get(ExifTags.Base.Orientation)
    if isinstance(found, bytes):  # the tag has the type BYTE
        found = int.from_bytes(found, "big")
    return found if isinstance(found, int) and found in range(1, 9) else UPRIGHT
