"""The one conditional GET that a source costs."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from resizer.errors import SourceGone, StorageError, Superseded
from resizer.model import SourceMetadata, SourceObject
from resizer.s3.conditional import LOST_RACE, MISSING, error_code, head
from resizer.s3.stream import SourceStream, too_many_bytes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from resizer.s3 import S3


@contextmanager
def open_source(
    s3: S3, source: SourceObject, limit: int, before_each_fetch: Callable[[], None]
) -> Iterator[SourceStream]:
    """Fetch a source with the one GET that it costs, conditional on the event's ETag.

    `before_each_fetch` may raise to end the download. Raises `SourceGone`, `Superseded`, `Rejected` where the object
    is over `limit` bytes, and `StorageError`.
    """
    if source.size is not None and source.size > limit:
        raise too_many_bytes(source.uri, source.size, limit)
    answer = _get(s3, source)
    size = answer.get("ContentLength")
    stream = SourceStream(
        body=answer["Body"],
        metadata=SourceMetadata(answer["ETag"].strip('"'), size, answer),
        uri=source.uri,
        limit=limit,
        before_each_fetch=before_each_fetch,
    )
    try:
        if size is not None and size > limit:
            raise too_many_bytes(source.uri, size, limit)
        yield stream
        stream.check()
    except Exception:
        answer["Body"].close()
        stream.check()  # a download that broke off looks like a damaged image to a decoder
        raise
    stream.close()


def current_etag(s3: S3, source: SourceObject) -> str | None:
    """The ETag of what stands under a source's key now, None where nothing does. Raises `StorageError`."""
    standing = head(s3, source.bucket, source.key)
    return str(standing["ETag"]).strip('"') if standing else None


def _get(s3: S3, source: SourceObject) -> dict[str, Any]:
    """Fetch what stands now. An older version would still be there by its id, but no rendition is to show it."""
    request = {"Bucket": source.bucket, "Key": source.key}
    if source.etag:
        request["IfMatch"] = f'"{source.etag}"'
    try:
        answer = s3.get_object(**request)
    except ClientError as problem:
        if error_code(problem) in MISSING:
            raise SourceGone(f"{source.uri} has been deleted since its event was sent.") from problem
        if error_code(problem) in LOST_RACE:
            raise Superseded(f"{source.uri} has been overwritten since; its newer event does the work.") from problem
        raise StorageError(f"GET {source.uri} failed: {problem}") from problem
    except BotoCoreError as problem:
        raise StorageError(f"GET {source.uri} failed: {problem}") from problem
    if source.version_id and not source.etag and answer.get("VersionId", "null") != source.version_id:
        answer["Body"].close()
        raise Superseded(f"Version {source.version_id} of {source.uri} is not the current one.")
    return answer
