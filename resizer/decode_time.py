"""How long a decoder takes that cannot be stopped once it runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from resizer.model import Header

# Lambda gives a whole core from this many MB on, and a share in proportion below (Lambda's developer guide, "memory").
MB_PER_CORE: Final = 1769
# Seconds of a whole core per pixel, measured on photos and rounded up. The decoders that are not named here fetch
# their input bit by bit and are stopped there.
SECONDS_PER_PIXEL: Final = {
    "WEBP": 80e-9,
    "AVIF": 80e-9,
    "HEIF": 200e-9,  # 10 bits at 4:4:4; phones' own take a quarter of it
    "JPEG2000": 400e-9,
    "TIFF": 40e-9,
    "BMP": 80e-9,
}


def seconds_to_decode(header: Header, function_memory: int | None) -> float:
    """The most that decoding takes in a function of so many MB, in seconds; 0 where it can be stopped."""
    cores = min((function_memory or MB_PER_CORE) / MB_PER_CORE, 1)
    return header.pixels * SECONDS_PER_PIXEL.get(header.format, 0) / cores
