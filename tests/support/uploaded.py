"""Upload a source to the embedded S3, and list its renditions."""

from typing import Any

from resizer.model import SourceObject
from tests.conftest import BUCKET


def upload(s3: Any, key: str, body: bytes, **headers: Any) -> SourceObject:
    """Store an object; the source that its event would name."""
    etag = s3.put_object(Bucket=BUCKET, Key=key, Body=body, **headers)["ETag"].strip('"')
    return SourceObject(BUCKET, key, etag=etag, size=len(body))


def outputs(s3: Any) -> list[str]:
    """The keys below `resized/`."""
    listing = s3.list_objects_v2(Bucket=BUCKET, Prefix="resized/")
    return [entry["Key"] for entry in listing.get("Contents", ())]
