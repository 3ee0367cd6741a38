"""A function that is nearly out of memory can decode later files: each library is loaded whole, or not at all."""

import subprocess
import sys

import pytest

from tests.support.pictures import heic, photo_like, saved

PROGRAM = """
import io, sys
from functools import partial
from resizer.decode.frames import decode
from resizer.decode.header import Limits, open_image
from resizer.errors import Rejected
from resizer.memory.process import limited, memory_limit
from tests.support.plans import of_widths

data = sys.stdin.buffer.read()
limits = Limits(max_pixels=10**6, planned=of_widths(8), file_size=len(data))

def outcome(more):
    limit = memory_limit(more)
    try:
        image, header = open_image(io.BytesIO(data), limits, guard=partial(limited, limit))
        return next(decode(image, header, (8, 8), partial(limited, limit, 2))).pixels.mode
    except Rejected as problem:
        return str(problem.reason)

print(*(outcome(more) for more in (0, 500_000, 1_000_000, 2_000_000, None)))
"""


@pytest.mark.parametrize("format_", ["AVIF", "WEBP", "HEIF", "TIFF", "JPEG2000"])
def test_short_memory_does_no_lasting_harm(format_: str) -> None:
    """A file that does not fit the memory limit is `needs_memory` at worst, and is decoded once there is enough."""
    picture = photo_like(60, 40)
    data = heic(picture) if format_ == "HEIF" else saved(picture, format_)
    done = subprocess.run([sys.executable, "-c", PROGRAM], input=data, check=True, capture_output=True, timeout=60)
    *short, enough = done.stdout.decode().split()
    assert enough == "RGB"
    assert set(short) <= {"needs_memory", "RGB"}
