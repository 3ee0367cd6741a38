"""Conditional requests to S3: a condition that does not hold is an answer here, not an error."""

from __future__ import annotations

import zlib
from base64 import b64encode
from typing import TYPE_CHECKING, Any

from resizer.errors import ConditionFailed, ObjectMissing
from resizer.s3.failures import ask

if TYPE_CHECKING:
    from resizer.s3 import S3


def head(s3: S3, bucket: str, key: str) -> dict[str, Any] | None:
    """What S3 says about an object, None where there is none. Raises `StorageError`."""
    try:
        return ask("HEAD", s3.head_object, Bucket=bucket, Key=key)
    except ObjectMissing:
        return None


def put(s3: S3, request: dict[str, Any]) -> bool:
    """True where stored, False where the condition did not hold. Raises `StorageError`.

    The checksum is for buckets with Object Lock, which demand one.
    """
    checksum = b64encode(zlib.crc32(request["Body"]).to_bytes(4, "big")).decode()
    try:
        ask("PUT", s3.put_object, **request, ChecksumCRC32=checksum)
    except ConditionFailed as failure:
        return failure.retried and _is_stored(s3, request)
    except ObjectMissing:  # S3's answer to If-Match where there is no object
        return False
    return True


def delete(s3: S3, bucket: str, key: str, etag: str) -> bool:
    """Delete what has this ETag; False where there is something else by now, or nothing. Raises `StorageError`."""
    try:
        ask("DELETE", s3.delete_object, Bucket=bucket, Key=key, IfMatch=etag)
    except (ConditionFailed, ObjectMissing):
        return False
    return True


def _is_stored(s3: S3, request: dict[str, Any]) -> bool:
    """Whether an object is what a PUT would store: where botocore sent it twice, the first one may have done so."""
    found = head(s3, request["Bucket"], request["Key"])
    wanted = request["Metadata"], len(request["Body"])
    return found is not None and (found["Metadata"], found.get("ContentLength")) == wanted
