"""Requests to HTTP headers and HTTP answers to fields, by the names that botocore gives them."""

from __future__ import annotations

import re
from html import unescape
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from email.message import Message

# S3 API reference: GetObject, HeadObject, PutObject, DeleteObject.
SENT: Final = {
    "CacheControl": "Cache-Control",
    "ContentDisposition": "Content-Disposition",
    "ContentLanguage": "Content-Language",
    "ContentType": "Content-Type",
    "ExpectedBucketOwner": "x-amz-expected-bucket-owner",
    "Expires": "Expires",
    "IfMatch": "If-Match",
    "IfNoneMatch": "If-None-Match",
    "StorageClass": "x-amz-storage-class",
    "Tagging": "x-amz-tagging",
}
TOLD: Final = {
    "CacheControl": "cache-control",
    "ContentDisposition": "content-disposition",
    "ContentLanguage": "content-language",
    "ContentType": "content-type",
    "ETag": "etag",
    "Expires": "expires",
    "VersionId": "x-amz-version-id",
}
USER_METADATA: Final = "x-amz-meta-"
WHERE: Final = frozenset({"Bucket", "Key", "Body", "Metadata"})  # what is not a header of its own


def headers(request: Mapping[str, Any]) -> dict[str, str]:
    """The HTTP headers that a request's arguments stand for. Raises `KeyError` for one that is unknown."""
    plain = {SENT[name]: str(value) for name, value in request.items() if name not in WHERE}
    return plain | {USER_METADATA + name: value for name, value in request.get("Metadata", {}).items()}


def fields(message: Message) -> dict[str, Any]:
    """What an answer's headers tell; `ContentLength` only where they do."""
    found = {name.lower(): value for name, value in message.items()}
    told: dict[str, Any] = {name: found[header] for name, header in TOLD.items() if header in found}
    if (length := found.get("content-length", "")).isdecimal():
        told["ContentLength"] = int(length)
    size = len(USER_METADATA)
    own = {name[size:]: value for name, value in found.items() if name.startswith(USER_METADATA)}
    return {**told, "Metadata": own}


def refusal(operation: str, status: int, body: bytes) -> ClientError:
    """S3's error: by its code, or by the status where the answer has no body, as that to a HEAD never has."""
    text = body.decode("utf-8", "replace")
    code = _element("Code", text) or str(status)
    error = {"Code": code, "Message": _element("Message", text) or f"HTTP {status}"}
    return ClientError({"Error": error, "ResponseMetadata": {"HTTPStatusCode": status}}, operation)  # type: ignore[typeddict-item] # the rest of the metadata is not read


def region_named(message: Message, body: bytes) -> str:
    """The region that an error says a bucket is in, as it stands there; empty where it says none."""
    return message["x-amz-bucket-region"] or _element("Region", body.decode("utf-8", "replace")) or ""


def _element(name: str, text: str) -> str | None:
    found = re.search(f"<{name}>([^<]*)</{name}>", text)
    return unescape(found.group(1)) if found else None
