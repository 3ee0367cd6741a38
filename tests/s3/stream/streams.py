"""Bytes behind a stream."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from resizer.model import SourceMetadata
from resizer.s3.stream import BLOCK, SourceStream

if TYPE_CHECKING:
    from tests.conftest import Download

DATA = random.Random(1).randbytes(3 * BLOCK + 17)
LARGE = random.Random(2).randbytes(40 * BLOCK + 5)
UNLIMITED = 10**9


def stream_of(body: Download, size: int | None, limit: int = UNLIMITED) -> SourceStream:
    return SourceStream(body, SourceMetadata("etag", size), "s3://photos/cat.jpg", limit)
