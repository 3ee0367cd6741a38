"""A JPEG's application segments, of which none is a reason to refuse the picture."""

from __future__ import annotations

import struct
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from PIL import JpegImagePlugin

if TYPE_CHECKING:
    from collections.abc import Callable

PROFILE_HEAD: Final = 14  # bytes before a part of an ICC profile (ICC.1, annex B.4); Pillow counts on them
APPLICATION: Final = range(0xFFE0, 0xFFF0)  # markers (T.81, table B.1)


def read_what_can_be_read() -> None:
    """Have Pillow leave aside what it cannot make sense of, such as Photoshop's resources where they are cut in two.

    The pixels need none of it. Segments of 64 KB at the most are split wherever that is, and Pillow reads each alone.
    """
    readers: dict[int, tuple[str, str, Callable[[JpegImagePlugin.JpegImageFile, int], None] | None]] = {
        marker: (f"APP{marker & 15}", "Application segment", _read) for marker in APPLICATION
    }
    JpegImagePlugin.MARKER.update(readers)


def _read(image: JpegImagePlugin.JpegImageFile, marker: int) -> None:
    with suppress(IndexError, struct.error):  # it has the whole segment when it begins to look into it
        JpegImagePlugin.APP(image, marker)
    if image.icclist and len(image.icclist[-1]) < PROFILE_HEAD:
        image.icclist.pop()
