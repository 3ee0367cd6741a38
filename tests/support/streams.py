"""Downloads of bytes in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from resizer.s3.source import downloaded
from resizer.s3.stream import SourceStream

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import Download

URI = "s3://photos/cat.jpg"
UNLIMITED = 10**9


def stream_of(
    body: Download, size: int | None, limit: int = UNLIMITED, before_each_fetch: Callable[[], None] = lambda: None
) -> SourceStream:
    """The stream of a body, `size` bytes long as far as S3 says."""
    pieces = downloaded(body, size, URI, before_each_fetch)
    return SourceStream(pieces, {"ETag": '"etag"'}, uri=URI, limit=limit, size=size)
