"""Measures, limits and returns the memory of this process, on Linux; elsewhere there is no limit."""

import ctypes
import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from resizer.memory.plan import MB

# Memory of the function that Lambda itself uses: the measured difference between "Max Memory Used" and our resident
# size.
RESERVED: Final = 8 * MB
STATM: Final = Path("/proc/self/statm")
STATUS: Final = Path("/proc/self/status")
CLEAR_REFS: Final = Path("/proc/self/clear_refs")
STACK: Final = 8 * MB  # of a decoder's thread; it counts as data although little of it is used


def resident() -> int:
    """This process's resident memory in bytes."""
    return int(STATM.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def peak() -> int:
    """This process's peak memory in bytes since `reset_peak()`, or since it started."""
    fields = dict(line.split(":", 1) for line in STATUS.read_text().splitlines())
    return int(fields["VmHWM"].split()[0]) * 1024


def reset_peak() -> bool:
    """Measure `peak()` from now on; False if the system does not support it (proc_pid_clear_refs(5))."""
    try:
        CLEAR_REFS.write_text("5")
    except OSError:
        return False
    return True


def available(function_memory: int | None) -> int | None:
    """The bytes available for an image in a function with this many MB; None if there is no limit, or not on Linux."""
    if function_memory is None or not STATM.exists():
        return None
    return function_memory * MB - RESERVED - resident()


def memory_limit(more: int | None) -> int | None:
    """The limit for `limited` that lets this process grow by `more` bytes; None for no limit."""
    if more is None or not STATM.exists():
        return None
    return int(STATM.read_text().split()[5]) * os.sysconf("SC_PAGE_SIZE") + more


@contextmanager
def limited(limit: int | None, threads: int = 0) -> Iterator[None]:
    """Limit the memory of the block: a decoder that needs more fails, but the process survives.

    `limit` does not include the stacks of the `threads` that the block may start.
    """
    if limit is None:
        yield
        return
    before, most = resource.getrlimit(resource.RLIMIT_DATA)
    resource.setrlimit(resource.RLIMIT_DATA, (limit + threads * STACK, most))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, (before, most))


def return_freed_memory() -> None:
    """Return all freed memory to the system (glibc's malloc_trim(3)); does nothing with another C library.

    The template makes glibc keep freed memory (`MALLOC_TRIM_THRESHOLD_`, `MALLOC_MMAP_MAX_`), because mapping and
    clearing fresh pages takes up to a fifth of a picture's CPU.
    """
    with suppress(AttributeError, OSError):
        ctypes.CDLL(None).malloc_trim(0)
