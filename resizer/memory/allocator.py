"""What the C library does with memory that is freed: kept for the next picture, or given back to the system.

Memory that comes from the system anew is mapped and cleared a page at a time, which was a fifth of some pictures' CPU.
This is for glibc, which Lambda has; other libraries have habits of their own.
"""

from __future__ import annotations

import ctypes
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from resizer.memory.plan import MB

if TYPE_CHECKING:
    from collections.abc import Iterator

# The options of glibc's mallopt(3), by the numbers that malloc.h has for them.
TRIM_THRESHOLD, MMAP_THRESHOLD, MMAP_MAX = -1, -3, -4
MOST_MAPPINGS: Final = 65_536  # glibc's own default
# Left to itself, glibc comes to at most 32 and 64 MB, by a rule that some sequences of sizes do not satisfy.
# The coefficients of a progressive JPEG of 17 megapixels are 102 MB.
KEPT: Final = {MMAP_THRESHOLD: 32 * MB, TRIM_THRESHOLD: 128 * MB}


def keep_freed_memory() -> None:
    """From now on keep what is freed, as far as it lies at the end of the heap and is not more than 128 MB."""
    for option, value in KEPT.items():
        _call("mallopt", option, value)


def return_freed_memory() -> None:
    """Give back to the system whatever is kept."""
    _call("malloc_trim", 0)


@contextmanager
def large_pieces_kept() -> Iterator[None]:
    """Keep the large pieces too that the block takes and frees: each above 32 MB would be a mapping of its own."""
    _call("mallopt", MMAP_MAX, 0)
    try:
        yield
    finally:
        _call("mallopt", MMAP_MAX, MOST_MAPPINGS)


def _call(function: str, *arguments: int) -> Any:
    try:
        return getattr(ctypes.CDLL(None), function)(*arguments)
    except (AttributeError, OSError):
        return None
