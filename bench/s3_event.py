"""The event that S3 sends for an upload.

This module imports nothing from `resizer`, because it also runs beside the built function, which lacks some modules.
"""

import hashlib
from typing import Any
from urllib.parse import quote_plus


def etag_of(body: bytes) -> str:
    """The ETag of an object that was uploaded with one PUT, without quotes: the MD5 of its body."""
    return hashlib.md5(body, usedforsecurity=False).hexdigest()


def object_created(bucket: str, key: str, *, size: int, etag: str) -> dict[str, Any]:
    """The notification for a new object of `size` bytes."""
    stored = {"key": quote_plus(key), "size": size, "eTag": etag, "sequencer": "0055AED6DCD90281E5"}
    record = {"eventSource": "aws:s3", "eventName": "ObjectCreated:Put"}
    return {"Records": [{**record, "s3": {"bucket": {"name": bucket}, "object": stored}}]}
