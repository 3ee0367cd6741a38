"""Reads artist and copyright from IPTC-IIM with Pillow."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from PIL import IptcImagePlugin

from resizer.metadata.rights import BETWEEN, Rights, one_line

if TYPE_CHECKING:
    from collections.abc import Callable

    from PIL.ImageFile import ImageFile

DATASET: Final = 0x1C  # the first byte of each dataset (IPTC-IIM 4.2, 1.5)
CHARACTER_SET, BY_LINE, COPYRIGHT_NOTICE = (1, 90), (2, 80), (2, 116)
UTF_8: Final = b"\x1b%"  # ISO 2022's escape to other character sets; in practice always UTF-8


def rights_in_iptc(image: ImageFile, warn: Callable[[str], None]) -> Rights:
    """The by-lines and the copyright notice of a JPEG's or TIFF's IPTC-IIM, version 4: datasets 2:80 and 2:116.

    They are read as UTF-8 if they are valid UTF-8, whether 1:90 says so or not, else as Windows-1252, which most
    programs wrote. An unreadable block is ignored with a warning. Nothing is raised.
    """
    try:
        found = IptcImagePlugin.getiptcinfo(image) or {}
    except (SyntaxError, OSError, struct.error, TypeError) as problem:
        return _ignored(warn, str(problem))
    values = {number: _all(found.get(number)) for number in (CHARACTER_SET, BY_LINE, COPYRIGHT_NOTICE)}
    if any(DATASET in value for several in values.values() for value in several):
        return _ignored(warn, "a text runs into the next dataset")  # what follows it may be anything
    declared = any(value.startswith(UTF_8) for value in values[CHARACTER_SET])
    by_lines, notices = (
        [text for value in values[number] if (text := _decoded(value, declared=declared))]
        for number in (BY_LINE, COPYRIGHT_NOTICE)
    )
    return Rights(BETWEEN.join(by_lines), notices[0] if notices else "")


def _ignored(warn: Callable[[str], None], why: str) -> Rights:
    warn(f"The IPTC cannot be read, and is ignored: {why}.")
    return Rights()


def _all(value: object) -> list[bytes]:
    """A dataset's values: Pillow gives a list where there are several, and None for an empty one."""
    return [each for each in (value if isinstance(value, list) else [value]) if isinstance(each, bytes)]


def _decoded(text: bytes, *, declared: bool) -> str:
    try:
        return one_line(text.decode())
    except UnicodeDecodeError as problem:
        if declared and problem.end == len(text):  # programs cut by-lines at 32 bytes, even within a character
            return one_line(text[: problem.start].decode())
        return one_line(text.decode("cp1252", "replace"))
