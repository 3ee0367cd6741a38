"""Artist and copyright of a picture, from any of a file's metadata blocks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

BETWEEN: Final = "; "  # separates several names in one tag (EXIF 2.32, tag 0x013B)


@dataclass(frozen=True, slots=True)
class Rights:
    """Artist and copyright, one line each, empty if unknown."""

    artist: str = ""
    copyright: str = ""


def one_line(text: str) -> str:
    """A text on one line, without blanks and zeros at its ends."""
    return " ".join(text.replace("\0", " ").split())
