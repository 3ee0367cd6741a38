"""Lambda's memory sizes, and the share of a processor that each one gets."""

from typing import Final

from resizer.errors import UsageError

MB: Final = 1_048_576
DEFAULT_SIZES: Final = (128, 192, 256, 384, 512, 768, 1024, 1769, 3008)
MIN_SIZE: Final = 128
MAX_SIZE: Final = 10_240
MB_PER_CORE: Final = 1769  # the Lambda developer guide, "Configure Lambda function memory"


def processor_share(memory_mb: int) -> float:
    """The processors of a memory size, in proportion to its memory; 1.0 is one whole processor."""
    return memory_mb / MB_PER_CORE


def parse_sizes(text: str) -> tuple[int, ...]:
    """Parse `512,128,256`; returns sorted sizes without duplicates. Raises `UsageError`."""
    parts = {part.strip() for part in text.split(",")}
    if not all(part.isdecimal() and MIN_SIZE <= int(part) <= MAX_SIZE for part in parts):
        raise UsageError(
            f"--sizes {text!r}: must be memory sizes from {MIN_SIZE} to {MAX_SIZE} MB, such as 128,256,512."
        )
    return tuple(sorted(map(int, parts)))


def measurable(sizes: tuple[int, ...], cores: int) -> tuple[int, ...]:
    """The sizes that need no more processors than this machine has."""
    return tuple(size for size in sizes if processor_share(size) <= cores)
