"""Downloads of bytes in memory."""

from resizer.s3.source import downloaded
from resizer.s3.stream import SourceStream
from tests.conftest import Download

URI = "s3://photos/cat.jpg"
UNLIMITED = 10**9


def stream_of(body: Download, size: int | None, limit: int = UNLIMITED) -> SourceStream:
    """The stream of a body that S3 announces with `size` bytes."""
    pieces = downloaded(body, size, URI)
    return SourceStream(pieces, {"ETag": '"etag"'}, uri=URI, limit=limit, size=size)
