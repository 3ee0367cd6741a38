"""Turns what decoders raise into rejections, in words for the person who uploaded the picture."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from resizer.errors import Reason, Rejected, ResizerError, is_our_fault

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

TITLES: Final = {"HEIF": "HEIC", "JPEG2000": "JPEG 2000", "WEBP": "WebP"}  # if the usual name is not Pillow's
# What errors of Pillow, pillow-heif and their libraries say where a file ends before its last pixel.
EARLY_END: Final = ("truncated", "end of file", "not enough image data")


def title(format_: str) -> str:
    """The usual name of a format, by Pillow's name for it."""
    return TITLES.get(format_, format_)


def undecodable(format_: str, problem: Exception) -> Rejected:
    """The rejection of a file whose decoder raised an error: `truncated` or `corrupt`."""
    if any(words in str(problem).lower() for words in EARLY_END):
        detail = f"The {title(format_)} ends before its last pixel; upload the whole file."
        return Rejected(Reason.TRUNCATED, detail)
    return Rejected(Reason.CORRUPT, f"The {title(format_)} cannot be decoded: its data is damaged.")


@contextmanager
def rejecting(format_: str, explain: Callable[[str, Exception], Rejected] = undecodable) -> Iterator[None]:
    """Raise `Rejected` for whatever a parser or decoder of hostile bytes raises; our own bugs come out unchanged."""
    try:
        yield
    except ResizerError:
        raise
    except MemoryError as problem:
        raise Rejected(Reason.NEEDS_MEMORY, f"The {title(format_)} takes more memory than there is.") from problem
    except Exception as problem:
        if is_our_fault(problem):
            raise
        raise explain(format_, problem) from problem
