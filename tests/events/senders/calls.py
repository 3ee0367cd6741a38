"""Invoke the handler with an event, and list the renditions."""

import hashlib
import json
from typing import Any, cast

from resizer import handler
from resizer.local.trigger import LocalContext
from tests.conftest import BUCKET
from tests.support.pictures import photo_like, saved
from tests.support.recording import RecordingS3, refusal
from tests.support.samples import KEY

PHOTO = saved(photo_like(64, 48))
OUTPUTS = {f"resized/{width}-{KEY}" for width in (480, 640, 1000)}


def invoke(event: Any, context: LocalContext | None = None) -> dict[str, Any]:
    """The handler's answer after a round trip through JSON."""
    answer: dict[str, Any] = json.loads(
        json.dumps(handler.lambda_handler(event, cast("Any", context or LocalContext())))
    )
    return answer


def renditions(s3: RecordingS3) -> set[str]:
    listed = s3.client.list_objects_v2(Bucket=BUCKET, Prefix="resized/").get("Contents", ())
    return {entry["Key"] for entry in listed}


def refuse(code: str) -> None:
    raise refusal(code, "GetObject")


def etag(body: bytes) -> str:
    return hashlib.md5(body, usedforsecurity=False).hexdigest()
