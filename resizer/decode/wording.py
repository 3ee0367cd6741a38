"""Explains what is wrong with a picture, in words for the person who uploaded it."""

from __future__ import annotations

import re
from typing import Final

TITLES: Final = {"HEIF": "HEIC", "JPEG2000": "JPEG 2000", "WEBP": "WebP"}  # if the usual name is not Pillow's
# Texts in errors of Pillow, pillow-heif and their libraries, and their meaning.
MEANINGS: Final = (
    ("truncated", "it points beyond its end"),
    ("end of file", "it points beyond its end"),
    ("not enough image data", "it points beyond its end"),
    ("color planes", "its colours are damaged"),
    ("alpha plane", "its transparency is damaged"),
    ("read next frame", "a frame is damaged"),
    ("image item", "it has no picture where it says"),
    ("image grid", "its tiles do not fit together"),
    ("BMFF", "its boxes are damaged"),
    ("broken PNG", "the PNG in it is damaged"),
    ("dimensions", "it does not say how large it is"),
)
# Errors that libraries raise with a readable message; Python's own errors do not help an uploader.
SPEAKING: Final = (OSError, RuntimeError, SyntaxError, ValueError)
# Plain words only: a message with code, bytes, counts or function names is for programmers.
SENTENCE: Final = re.compile(r"(?!.*(data stream|decoder|driver|pack|seek|byte))[A-Za-z][a-z]+( [A-Za-z0-9-]+)+")
DAMAGED: Final = "its data is damaged"


def title(format_: str) -> str:
    """The usual name of a format, by Pillow's name for it."""
    return TITLES.get(format_, format_)


def is_early_end(problem: Exception) -> bool:
    """Whether an error means that the file ends before its last pixel."""
    return _meaning(problem) == MEANINGS[0][1]


def plain(problem: Exception) -> str:
    """A Pillow error in plain words, to put after a colon, without a full stop."""
    if meaning := _meaning(problem):
        return meaning
    said_by = problem.__cause__ or problem  # Pillow wraps Python's errors while it reads a header
    if isinstance(said_by, UnicodeError) or not isinstance(said_by, SPEAKING):
        return DAMAGED
    text = str(problem)[:200].rpartition(": ")[2].rstrip(".")
    return text[0].lower() + text[1:] if SENTENCE.fullmatch(text) else DAMAGED


def _meaning(problem: Exception) -> str | None:
    text = str(problem).lower()
    return next((meaning for said, meaning in MEANINGS if said.lower() in text), None)
