"""How many scans a JPEG has, counted while its bytes go by."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from resizer.errors import Reason, Rejected

if TYPE_CHECKING:
    from collections.abc import Callable

# Each scan goes over every block again, however few bytes it has. Encoders make about ten, optimisers a few dozen.
MOST_SCANS: Final = 100
# T.81, B.2.3: marker, length, and the number of components, which the length follows from. An expression, for it looks
# for its first byte alone: 4 ms over 7 MB, where counting two bytes takes 7.
SCAN_HEADER: Final = re.compile(rb"\xFF\xDA\x00(?:\x08\x01|\x0A\x02|\x0C\x03|\x0E\x04)")
OVERLAP: Final = 4  # bytes of a scan's header that may stand at the end of what was read before


def counting_scans(read: Callable[[int], bytes]) -> Callable[[int], bytes]:
    """The same way to read a JPEG, which raises `Rejected` `corrupt` at more scans than any honest one has."""
    scans, end = 0, b""

    def read_and_count(size: int) -> bytes:
        nonlocal scans, end
        data = read(size)
        window = end + data
        scans += len(SCAN_HEADER.findall(window))
        end = window[-OVERLAP:]
        if scans > MOST_SCANS:
            raise Rejected(Reason.CORRUPT, f"The JPEG has more than {MOST_SCANS} scans, which no honest one has.")
        return data

    return read_and_count
