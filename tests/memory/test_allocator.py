"""Promise: what one picture has freed serves the next without going to the system, and is given back on demand."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

pytestmark = pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="this is about glibc")

PIECES = """
import resource
from resizer.memory import allocator as heap
from resizer.memory.process import resident

def pages_taken():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    pieces = [bytearray(SIZE) for _ in range(COUNT)]
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
"""


def told(script: str, size: int, count: int) -> list[int]:
    """What a process of its own prints, where so many pieces of so many MB can be taken and freed at once."""
    pieces = PIECES.replace("SIZE", str(size << 20)).replace("COUNT", str(count))
    done = subprocess.run([sys.executable, "-c", pieces + script], capture_output=True, text=True, check=True)
    return [int(line) for line in done.stdout.split()]


THRICE = "for _ in range(3): print(pages_taken())\n"


def test_what_was_freed_is_taken_again() -> None:
    """The second picture gets its memory from the first, where glibc would have asked the system each time."""
    first, second, third = told("heap.keep_freed_memory()\n" + THRICE, 30, 3)
    assert first > 20_000
    assert max(second, third) < 1000
    assert min(told(THRICE, 30, 3)) > 5000


def test_large_pieces_are_kept_where_that_is_asked_for() -> None:
    """A piece above 32 MB comes from what the last one was, and without the block from the system."""
    kept = told(f"heap.keep_freed_memory()\nwith heap.large_pieces_kept():\n    {THRICE}", 40, 2)
    assert max(kept[1:]) < 1000
    assert min(told(f"heap.keep_freed_memory()\n{THRICE}", 40, 2)) > 10_000


def test_everything_is_given_back_on_demand() -> None:
    """What is kept counts as used only until somebody needs it."""
    script = (
        "heap.keep_freed_memory()\npages_taken()\nprint(resident())\nheap.return_freed_memory()\nprint(resident())\n"
    )
    kept, given_back = told(script, 30, 3)
    assert kept - given_back > 80 << 20
