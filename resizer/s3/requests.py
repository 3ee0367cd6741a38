"""The requests to S3. Every error becomes one of ours; the message names the request, the object and the request id."""

import zlib
from base64 import b64encode
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError
from urllib3.exceptions import HTTPError

from resizer.errors import (
    AccessDenied,
    ConditionFailed,
    ObjectMissing,
    OutOfTime,
    Reason,
    Rejected,
    ResizerError,
    StorageError,
)
from resizer.s3 import S3

# S3 API reference, "Error responses". Answers to HEAD have no body, so their code is the status.
ERRORS: Final[dict[str, type[StorageError]]] = {
    **dict.fromkeys(("NoSuchKey", "404"), ObjectMissing),
    **dict.fromkeys(("PreconditionFailed", "412", "ConditionalRequestConflict", "409"), ConditionFailed),
    **dict.fromkeys(("AccessDenied", "403"), AccessDenied),
}
# The permissions that a request needs. Often S3 does not say which one is missing.
PERMISSIONS: Final = {
    "GET": "s3:GetObject on {}, and kms:Decrypt on its KMS key",
    "HEAD": "s3:GetObject on {}, and kms:Decrypt on its KMS key",
    "PUT": "s3:PutObject on {}, and kms:GenerateDataKey on its KMS key",
    "DELETE": "s3:DeleteObject on {}",
}


def ask(s3: S3, verb: str, **request: Any) -> dict[str, Any]:
    """Make one request: `GET`, `HEAD`, `PUT` or `DELETE`.

    Raises `ObjectMissing`, `ConditionFailed`, `AccessDenied`, `Rejected` `archived`, `OutOfTime` if the invocation is
    about to end, and `StorageError` for anything else.
    """
    uri = f"s3://{request['Bucket']}/{request['Key']}"
    try:
        answer: dict[str, Any] = getattr(s3, f"{verb.lower()}_object")(**request)
    except ClientError as problem:
        raise _typed(verb, uri, problem.response) from problem
    except OutOfTime as late:
        raise OutOfTime(f"{verb} {uri} was stopped. {late}") from late
    except (BotoCoreError, HTTPError) as problem:  # HTTPError: the body of an error was cut off
        raise StorageError(f"{verb} {uri} failed: {problem}. It will be tried again.") from problem
    return answer


def head(s3: S3, bucket: str, key: str) -> dict[str, Any] | None:
    """An object's metadata, None if there is no object. Raises the same errors as `ask`."""
    try:
        return ask(s3, "HEAD", Bucket=bucket, Key=key)
    except ObjectMissing:
        return None


def put(s3: S3, request: dict[str, Any]) -> None:
    """Store an object; with a checksum, because buckets with Object Lock require one. Raises the same as `ask`."""
    checksum = b64encode(zlib.crc32(request["Body"]).to_bytes(4, "big")).decode()
    ask(s3, "PUT", **request, ChecksumCRC32=checksum)


def delete(s3: S3, bucket: str, key: str, etag: str) -> bool:
    """Delete an object that still has this ETag; False if it has changed or is gone. Raises the same as `ask`."""
    try:
        ask(s3, "DELETE", Bucket=bucket, Key=key, IfMatch=etag)
    except (ConditionFailed, ObjectMissing) as refusal:
        return refusal.retried and head(s3, bucket, key) is None  # botocore's first attempt has deleted it
    return True


def _typed(verb: str, uri: str, response: Any) -> ResizerError:
    error, metadata = response.get("Error", {}), response.get("ResponseMetadata", {})
    code, text = str(error.get("Code", "")), str(error.get("Message") or "")
    answer = f"{code}: {text}" if text and text != code else code
    if request_id := metadata.get("RequestId"):
        answer += f" (request id {request_id}, {metadata.get('HostId')})"
    if code == "InvalidObjectState":
        where = response.get("StorageClass") or answer
        return Rejected(Reason.ARCHIVED, f"{uri} is archived ({where}). Restore it: once it is back, it is resized.")
    kind, advice = ERRORS.get(code, StorageError), "It will be tried again."
    if (code == "InvalidRequest" and "Server Side Encryption" in text) or (verb == "HEAD" and code == "400"):
        kind, advice = AccessDenied, "Only its uploader has its key (SSE-C): store it without one."
    elif code.startswith("KMS."):
        kind, advice = AccessDenied, "Allow the function to use the object's KMS key, and enable that key."
    elif kind is AccessDenied:
        advice = f"Allow the function {PERMISSIONS[verb].format(uri.replace('s3://', 'arn:aws:s3:::', 1))}."
    problem = kind(f"{verb} {uri} failed: {answer}. {advice}")
    problem.retried = bool(metadata.get("RetryAttempts"))
    return problem
