"""Turns what decoders raise into rejections, in words for the person who uploaded the picture."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from resizer.errors import Reason, Rejected, ResizerError, is_our_fault
from resizer.formats.base import title, truncated

if TYPE_CHECKING:
    from collections.abc import Iterator

# What errors of Pillow, pillow-heif and their libraries say where a file ends before its last pixel.
EARLY_END: Final = ("truncated", "end of file", "not enough image data")


@contextmanager
def rejecting(format_: str) -> Iterator[None]:
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
        if any(words in str(problem).lower() for words in EARLY_END):
            raise truncated(format_) from problem
        detail = f"The {title(format_)} cannot be decoded: its data is damaged."
        raise Rejected(Reason.CORRUPT, detail) from problem
