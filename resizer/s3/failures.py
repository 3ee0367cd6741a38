"""Maps every S3 error to one of ours: all requests to S3 go through `ask`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import BotoCoreError, ClientError

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

if TYPE_CHECKING:
    from collections.abc import Callable

# S3 API reference, "Error responses". Answers to HEAD have no body, so their code is the status.
MISSING: Final = frozenset({"NoSuchKey", "404"})
CONDITION_FAILED: Final = frozenset({"PreconditionFailed", "412", "ConditionalRequestConflict", "409"})
DENIED: Final = frozenset({"AccessDenied", "403"})
ARCHIVED: Final = "InvalidObjectState"
# The permissions that a request needs: on the object, and on its KMS key if it has one.
PERMISSIONS: Final = {
    "GET": ("s3:GetObject", "kms:Decrypt"),
    "HEAD": ("s3:GetObject", "kms:Decrypt"),
    "PUT": ("s3:PutObject", "kms:GenerateDataKey"),
    "DELETE": ("s3:DeleteObject", None),
}
# How S3 names the missing permission and its resource; often it only says "Access Denied".
NAMED: Final = re.compile(r'not authorized to perform: ([\w:]+) on resource: "?([^\s"]+)')


def ask(verb: str, request: Callable[..., dict[str, Any]], **arguments: Any) -> dict[str, Any]:
    """Make one request to S3. Errors name the verb, bucket, key and request id.

    Raises `ObjectMissing`, `ConditionFailed`, `AccessDenied`, `Rejected` `archived`, `OutOfTime` if the invocation is
    about to end, and `StorageError` for anything else.
    """
    uri = f"s3://{arguments['Bucket']}/{arguments['Key']}"
    try:
        return request(**arguments)
    except ClientError as problem:
        raise _typed(verb, uri, problem.response) from problem
    except OutOfTime as late:
        raise OutOfTime(f"{verb} {uri} was given up. {late}") from late
    except BotoCoreError as problem:
        raise StorageError(f"{verb} {uri} failed: {problem}. It will be tried again.") from problem


def _typed(verb: str, uri: str, response: Any) -> ResizerError:
    error, metadata = response.get("Error", {}), response.get("ResponseMetadata", {})
    code, text = str(error.get("Code", "")), str(error.get("Message") or "")
    answer = f"{code}: {text}" if text and text != code else code
    if request_id := metadata.get("RequestId"):
        answer += f" (request id {request_id}, {metadata.get('HostId')})"
    failed = f"{verb} {uri} failed: {answer}."
    if code in MISSING:
        return ObjectMissing(failed)
    if code in CONDITION_FAILED:
        return ConditionFailed(failed, retried=bool(metadata.get("RetryAttempts")))
    if code == ARCHIVED:
        where = response.get("StorageClass") or answer
        return Rejected(Reason.ARCHIVED, f"{uri} is archived ({where}). Restore it: once it is back, it is resized.")
    if _needs_customer_key(verb, code, text):
        return AccessDenied(f"{failed} Only its uploader has its key (SSE-C): store it without one.")
    if code in DENIED or code.startswith("KMS."):
        return AccessDenied(f"{failed} Allow the function {_missing(verb, uri, code, text)}.")
    return StorageError(f"{failed} It will be tried again.")


def _needs_customer_key(verb: str, code: str, text: str) -> bool:
    """Whether an object is encrypted with SSE-C; S3 answers HEAD with just 400 then."""
    return (code == "InvalidRequest" and "Server Side Encryption" in text) or (verb == "HEAD" and code == "400")


def _missing(verb: str, uri: str, code: str, text: str) -> str:
    """The missing permission: the one that S3 names, or else those that the request needs."""
    if named := NAMED.search(text):
        return f"{named[1]} on {named[2].rstrip('.')}"
    if code.startswith("KMS."):
        return "to use the object's KMS key, and enable that key"
    permission, of_key = PERMISSIONS[verb]
    on_object = f"{permission} on arn:aws:s3:::{uri.removeprefix('s3://')}"
    return f"{on_object}, and {of_key} on its KMS key" if of_key else on_object
