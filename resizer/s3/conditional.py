"""Conditional requests to S3: a failed condition is a return value here, not an error."""

from __future__ import annotations

import zlib
from base64 import b64encode
from typing import TYPE_CHECKING, Any

from resizer.errors import ConditionFailed, ObjectMissing
from resizer.s3.failures import ask

if TYPE_CHECKING:
    from resizer.s3 import S3


def head(s3: S3, bucket: str, key: str) -> dict[str, Any] | None:
    """An object's metadata, None if there is no object. Raises `StorageError`."""
    try:
        return ask("HEAD", s3.head_object, Bucket=bucket, Key=key)
    except ObjectMissing:
        return None


def put(s3: S3, request: dict[str, Any]) -> bool:
    """Store an object; False if its condition failed. Raises `StorageError`.

    Sends a checksum because buckets with Object Lock require one.
    """
    checksum = b64encode(zlib.crc32(request["Body"]).to_bytes(4, "big")).decode()
    try:
        ask("PUT", s3.put_object, **request, ChecksumCRC32=checksum)
    except ConditionFailed as failure:
        return failure.retried and _is_stored(s3, request)
    except ObjectMissing:  # S3's answer to If-Match if there is no object
        return False
    return True


def delete(s3: S3, bucket: str, key: str, etag: str) -> bool:
    """Delete an object that still has this ETag; False if it has changed or is gone. Raises `StorageError`."""
    try:
        ask("DELETE", s3.delete_object, Bucket=bucket, Key=key, IfMatch=etag)
    except (ConditionFailed, ObjectMissing):
        return False
    return True


def _is_stored(s3: S3, request: dict[str, Any]) -> bool:
    """Whether a PUT that botocore sent twice succeeded the first time: compare the object with the request."""
    found = head(s3, request["Bucket"], request["Key"])
    wanted = request["Metadata"], len(request["Body"])
    return found is not None and (found["Metadata"], found.get("ContentLength")) == wanted
