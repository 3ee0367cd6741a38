"""Lambda's memory sizes and the processor share that each comes with."""

from __future__ import annotations

from typing import Final

DEFAULT_SIZES: Final = (128, 192, 256, 384, 512, 768, 1024, 1769, 3008)
SMALLEST: Final = 128
LARGEST: Final = 10_240
MB_PER_CORE: Final = 1769  # the Lambda developer guide, "Configure Lambda function memory"


def share(memory_mb: int) -> float:
    """Processors that a size gets, in proportion to its memory: 1.0 is a whole one."""
    return memory_mb / MB_PER_CORE


def measurable(sizes: tuple[int, ...], cores: int) -> tuple[int, ...]:
    """The sizes whose share of processors this machine has."""
    return tuple(size for size in sizes if share(size) <= cores)
