"""Lambda's memory sizes and the processor share that each comes with."""

from __future__ import annotations

from typing import Final

from resizer.errors import UsageError

DEFAULT_SIZES: Final = (128, 192, 256, 384, 512, 768, 1024, 1769, 3008)
SMALLEST: Final = 128
LARGEST: Final = 10_240
MB_PER_CORE: Final = 1769  # the Lambda developer guide, "Configure Lambda function memory"


def share(memory_mb: int) -> float:
    """Processors that a size gets, in proportion to its memory: 1.0 is a whole one."""
    return memory_mb / MB_PER_CORE


def parse_sizes(text: str) -> tuple[int, ...]:
    """`512,128,256` as numbers, smallest first, each once. Raises `UsageError`."""
    parts = {part.strip() for part in text.split(",")}
    if not all(part.isdecimal() and SMALLEST <= int(part) <= LARGEST for part in parts):
        raise UsageError(
            f"--sizes {text!r}: must be memory sizes from {SMALLEST} to {LARGEST} MB, such as 128,256,512."
        )
    return tuple(sorted(map(int, parts)))


def measurable(sizes: tuple[int, ...], cores: int) -> tuple[int, ...]:
    """The sizes whose share of processors this machine has."""
    return tuple(size for size in sizes if share(size) <= cores)
