"""Returns freed memory to the system.

The template makes glibc keep freed memory (`MALLOC_TRIM_THRESHOLD_`, `MALLOC_MMAP_MAX_`), because mapping and clearing
fresh pages takes up to a fifth of a picture's CPU.
"""

from __future__ import annotations

import ctypes
from contextlib import suppress


def return_freed_memory() -> None:
    """Return all freed memory (glibc's malloc_trim(3)); does nothing with another C library."""
    with suppress(AttributeError, OSError):
        ctypes.CDLL(None).malloc_trim(0)
