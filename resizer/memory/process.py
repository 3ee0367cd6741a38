"""The memory of this process: what it holds, and what it may hold."""

from __future__ import annotations

import os
import resource
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from resizer.memory.encoding import MB

if TYPE_CHECKING:
    from collections.abc import Iterator

# The platform's own share of a function's memory, beside this process: measured as the difference between
# "Max Memory Used" and the resident size.
RESERVED: Final = 8 * MB
STATM: Final = Path("/proc/self/statm")
STATUS: Final = Path("/proc/self/status")
CLEAR_REFS: Final = Path("/proc/self/clear_refs")
STACK: Final = 8 * MB  # of a decoder's thread: it counts as data and is hardly touched


def resident() -> int:
    """What this process holds now, in bytes; the most that it ever held where the system does not tell."""
    try:
        return int(STATM.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return peak()


def peak() -> int:
    """The most that this process has held since `reset_peak()`, or ever, in bytes."""
    try:
        fields = dict(line.split(":", 1) for line in STATUS.read_text().splitlines())
        return int(fields["VmHWM"].split()[0]) * 1024
    except (OSError, KeyError):
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return most if sys.platform == "darwin" else most * 1024


def reset_peak() -> bool:
    """Measure `peak()` from now on; False where the system cannot (proc_pid_clear_refs(5))."""
    try:
        CLEAR_REFS.write_text("5")
    except OSError:
        return False
    return True


def available(function_memory: int | None) -> int | None:
    """What a function of so many MB has left for an image, in bytes; None where nothing limits it."""
    if function_memory is None:
        return None
    return function_memory * MB - RESERVED - resident()


def memory_limit(more: int | None) -> int | None:
    """The size of this process's data when it has grown by so many bytes, for `limited`; None for no limit."""
    if more is None or not STATM.exists():
        return None
    return int(STATM.read_text().split()[5]) * os.sysconf("SC_PAGE_SIZE") + more


@contextmanager
def limited(limit: int | None, threads: int = 0) -> Iterator[None]:
    """Refuse memory above a limit to what the block runs: a decoder that takes too much fails, and nothing is killed.

    The stacks of so many threads that it may start come on top.
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
