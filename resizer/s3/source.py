"""Downloads a source with one conditional GET."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from resizer.errors import AccessDenied, ConditionFailed, ObjectMissing, Reason, Rejected, SourceGone, Superseded
from resizer.model import SourceMetadata, SourceObject
from resizer.s3 import content_encoding
from resizer.s3.conditional import head
from resizer.s3.failures import ask
from resizer.s3.stream import SourceStream, too_many_bytes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from resizer.s3 import S3


@contextmanager
def open_source(
    s3: S3, source: SourceObject, limit: int, before_each_fetch: Callable[[], None]
) -> Iterator[SourceStream]:
    """Download a source with one GET, conditional on the event's ETag, and decode its `Content-Encoding`.

    `before_each_fetch` may raise to stop the download. Raises `SourceGone`, `Superseded`, `StorageError`, and
    `Rejected` if the object has more than `limit` bytes, stored or decoded, or can never be read.
    """
    if source.size is not None and source.size > limit:
        raise too_many_bytes(source.uri, source.size, limit)
    answer = _get(s3, source)
    body, size = content_encoding.decoded(answer, source.uri)
    stream = SourceStream(
        body=body,
        metadata=SourceMetadata(answer["ETag"].strip('"'), size, answer),
        uri=source.uri,
        limit=limit,
        before_each_fetch=before_each_fetch,
    )
    try:
        if (stored_size := answer.get("ContentLength") or 0) > limit:
            raise too_many_bytes(source.uri, stored_size, limit)
        yield stream
        stream.check()
    except Exception as problem:
        body.close()
        stream.check()  # decoders take an interrupted download for a damaged image
        encoding = content_encoding.unsupported(answer)
        if encoding and isinstance(problem, Rejected) and problem.reason is Reason.NOT_AN_IMAGE:
            detail = f"{source.uri} is stored with Content-Encoding: {encoding}. Store it without, or with gzip."
            raise Rejected(Reason.UNSUPPORTED_ENCODING, detail) from problem
        raise
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
    request = {"Bucket": source.bucket, "Key": source.key}
    if source.etag:
        request["IfMatch"] = f'"{source.etag}"'
    try:
        answer = ask("GET", s3.get_object, **request)
    except ObjectMissing as problem:
        raise SourceGone(f"{source.uri} has been deleted since its event was sent.") from problem
    except ConditionFailed as problem:
        raise Superseded(f"{source.uri} has been overwritten since; its newer event does the work.") from problem
    except AccessDenied as problem:
        raise Rejected(Reason.ACCESS_DENIED, str(problem)) from problem
    if source.version_id and not source.etag and answer.get("VersionId", "null") != source.version_id:
        answer["Body"].close()
        raise Superseded(f"Version {source.version_id} of {source.uri} is not the current one.")
    return answer
