"""The memory of this process: what it holds, what it may hold, and giving back what it no longer needs."""

from __future__ import annotations

import ctypes
import os
import resource
import sys
from functools import cache
from pathlib import Path
from typing import Final

from resizer.memory_plan import MB

# The platform's own share of a function's memory, beside this process: measured as the difference between
# "Max Memory Used" and the resident size.
RESERVED: Final = 8 * MB
STATM: Final = Path("/proc/self/statm")
# From malloc.h: blocks from this size on are mapped one by one, and go back to the system when they are freed.
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
LARGE_BLOCK: Final = 256 * 1024


def resident() -> int:
    """What this process holds now, in bytes; the most that it ever held where the system does not tell."""
    try:
        return int(STATM.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return peak()


def peak() -> int:
    """The most that this process has ever held, in bytes. Linux counts it in KiB, macOS in bytes."""
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024


def left(function_memory: int | None) -> int | None:
    """What a function of so many MB has left for an image, in bytes; None where nothing limits it."""
    return None if function_memory is None else function_memory * MB - RESERVED - resident()


@cache
def return_freed_memory() -> None:
    """Let glibc give large blocks back as soon as they are freed, once per process.

    By itself it keeps up to 64 MB of what big pictures took, and the plan for the next one would count that as used.
    """
    try:
        libc = ctypes.CDLL(None)
        libc.mallopt(M_MMAP_THRESHOLD, LARGE_BLOCK)
        libc.mallopt(M_TRIM_THRESHOLD, LARGE_BLOCK)
    except (AttributeError, OSError):  # another C library: it has habits of its own
        return
