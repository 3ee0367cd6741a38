"""Conditional requests to S3: a condition that does not hold is an answer here, not an error."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from resizer.errors import StorageError

if TYPE_CHECKING:
    from resizer.s3 import S3

LOST_RACE: Final = frozenset({"PreconditionFailed", "412", "ConditionalRequestConflict", "409"})
MISSING: Final = frozenset({"NoSuchKey", "404"})


def head(s3: S3, bucket: str, key: str) -> dict[str, Any] | None:
    """What S3 says about an object, None where there is none. Raises `StorageError`."""
    try:
        return s3.head_object(Bucket=bucket, Key=key)
    except ClientError as problem:
        if error_code(problem) in MISSING:
            return None
        raise _refused("HEAD", bucket, key, problem) from problem
    except BotoCoreError as problem:
        raise _refused("HEAD", bucket, key, problem) from problem


def put(s3: S3, request: dict[str, Any]) -> bool:
    """True where stored, False where the condition did not hold. Raises `StorageError`."""
    try:
        s3.put_object(**request)
    except ClientError as problem:
        if error_code(problem) in LOST_RACE | MISSING:  # S3 answers If-Match on a missing key with 404
            return False
        raise _refused("PUT", request["Bucket"], request["Key"], problem) from problem
    except BotoCoreError as problem:
        raise _refused("PUT", request["Bucket"], request["Key"], problem) from problem
    return True


def delete(s3: S3, bucket: str, key: str, etag: str) -> bool:
    """Delete what has this ETag; False where something else stands by now, or nothing. Raises `StorageError`."""
    try:
        s3.delete_object(Bucket=bucket, Key=key, IfMatch=etag)
    except ClientError as problem:
        if error_code(problem) in LOST_RACE | MISSING:
            return False
        raise _refused("DELETE", bucket, key, problem) from problem
    except BotoCoreError as problem:
        raise _refused("DELETE", bucket, key, problem) from problem
    return True


def error_code(problem: ClientError) -> str:
    """S3's code for an error, or its status where the answer had no body."""
    return str(problem.response.get("Error", {}).get("Code", ""))


def _refused(verb: str, bucket: str, key: str, problem: Exception) -> StorageError:
    return StorageError(f"{verb} s3://{bucket}/{key} failed: {problem}. It will be tried again.")
