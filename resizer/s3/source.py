"""Downloads a source with one conditional GET."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from botocore.exceptions import BotoCoreError
from urllib3.exceptions import HTTPError

from resizer import deadline
from resizer.errors import (
    AccessDenied,
    ConditionFailed,
    ObjectMissing,
    Reason,
    Rejected,
    SourceGone,
    StorageError,
    Superseded,
)
from resizer.model import SourceObject
from resizer.s3 import S3
from resizer.s3.content_encoding import BLOCK, READABLE, decompressed, encodings
from resizer.s3.requests import ask, head
from resizer.s3.stream import SourceStream, too_many_bytes


@contextmanager
def open_source(s3: S3, source: SourceObject, limit: int) -> Iterator[SourceStream]:
    """Download a source with one GET, conditional on the event's ETag, and decode its `Content-Encoding`.

    Raises `SourceGone`, `Superseded`, `StorageError`, `OutOfTime`, and `Rejected` if the object has more than `limit`
    bytes, stored or decoded, or can never be read.
    """
    answer = _get(s3, source)
    body, size = answer["Body"], answer.get("ContentLength")
    applied = encodings(answer)
    pieces = downloaded(body, size, source.uri)
    for encoding in filter(READABLE.__contains__, reversed(applied)):
        pieces, size = decompressed(pieces, encoding, source.uri), None
    stream = SourceStream(pieces, answer, uri=source.uri, limit=limit, size=size)
    try:
        if (stored := answer.get("ContentLength") or 0) > limit:
            raise too_many_bytes(source.uri, stored, limit)
        yield stream
        stream.check()
        stream.drain()
    except Exception as problem:
        stream.check()  # decoders take an interrupted download for a damaged image
        unreadable = [encoding for encoding in applied if encoding not in READABLE]
        if unreadable and isinstance(problem, Rejected) and problem.reason is Reason.NOT_AN_IMAGE:
            detail = f"{source.uri} is stored with Content-Encoding: {unreadable[0]}. Store it without, or with gzip."
            raise Rejected(Reason.UNSUPPORTED_ENCODING, detail) from problem
        raise
    finally:
        body.close()
        stream.close()


def current_etag(s3: S3, source: SourceObject) -> str | None:
    """The source's current ETag, None if it does not exist.

    Raises `StorageError`, and `Rejected` `access_denied` if the function may not read the object.
    """
    try:
        found = head(s3, source.bucket, source.key)
    except AccessDenied as problem:
        raise Rejected(Reason.ACCESS_DENIED, str(problem)) from problem
    return str(found["ETag"]).strip('"') if found else None


def _get(s3: S3, source: SourceObject) -> dict[str, Any]:
    """Fetch the current version, never an older one by its id."""
    condition = {"IfMatch": f'"{source.etag}"'} if source.etag else {}
    try:
        answer = ask(s3, "GET", Bucket=source.bucket, Key=source.key, **condition)
    except ObjectMissing as problem:
        raise SourceGone(f"{source.uri} does not exist.") from problem
    except ConditionFailed as problem:
        raise Superseded(f"{source.uri} has been overwritten since; its newer event does the work.") from problem
    except AccessDenied as problem:
        raise Rejected(Reason.ACCESS_DENIED, str(problem)) from problem
    if source.version_id and not source.etag and answer.get("VersionId", "null") != source.version_id:
        answer["Body"].close()
        raise Superseded(f"Version {source.version_id} of {source.uri} is not the current one.")
    return answer


def downloaded(body: Any, size: int | None, uri: str) -> Iterator[bytes]:
    """Yield a body's bytes as they arrive, so that a slow download is stopped in time, too. Raises `StorageError`."""
    fetched = 0
    while size is None or fetched < size:
        deadline.need()
        try:
            piece = body.read1(BLOCK)
        except (HTTPError, BotoCoreError, OSError) as problem:
            deadline.need()  # if the time is over, that is the reason
            message = f"The download of {uri} broke off after {fetched} bytes: {problem}. It will be tried again."
            raise StorageError(message) from problem
        if not piece and size is not None:
            raise StorageError(f"The download of {uri} ended {size - fetched} bytes early. It will be tried again.")
        if not piece:
            return
        fetched += len(piece)
        yield piece
