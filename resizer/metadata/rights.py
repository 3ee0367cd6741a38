"""Who made a picture and who holds its rights, whichever of a file's blocks says so."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

BETWEEN: Final = "; "  # several names in one tag (EXIF 2.32, tag 0x013B)


@dataclass(frozen=True, slots=True)
class Rights:
    """Who made a picture and who holds its rights, each in one line, empty where nothing says so."""

    artist: str = ""
    copyright: str = ""


def one_line(text: str) -> str:
    """A text in one line, without what does not show at its ends."""
    return " ".join(text.replace("\0", " ").split())
