"""An upload through the whole handler, over HTTP, costs what the design says."""

from collections import Counter
from typing import Any

import pytest

from resizer import handler
from resizer.s3 import clients
from tests.conftest import BUCKET, context, notification
from tests.support.pictures import photo_like, saved

KEY = "a b/cat.jpg"
ENCODED = "a+b/cat.jpg"


def upload(s3: Any, **more: Any) -> dict[str, Any]:
    """Store a photo and return the fields of its event."""
    answer = s3.put_object(Bucket=BUCKET, Key=KEY, Body=saved(photo_like(1200, 900)), **more)
    return {"eTag": answer["ETag"].strip('"')}


def outcome_of(event: dict[str, Any]) -> tuple[str, str | None]:
    [result] = handler.lambda_handler(event, context())["results"]
    return result["outcome"], result["reason"]


def test_an_ordinary_upload_is_five_requests(s3: Any) -> None:
    """botocore sends one GET, one PUT per rendition and one HEAD, and nothing else."""
    event = notification(ENCODED, **upload(s3))
    sent: list[str] = []

    def record(request: Any, **_: Any) -> None:
        sent.append(request.method)

    clients.client("s3").meta.events.register("before-send", record)
    assert outcome_of(event) == ("resized", None)
    clients.client("s3").meta.events.unregister("before-send", record)
    assert (sent[0], sent[-1], Counter(sent)) == ("GET", "HEAD", Counter(GET=1, PUT=3, HEAD=1))


def test_an_archived_image_is_resized_when_it_is_restored(s3: Any) -> None:
    """An archived image is rejected; the event of its restore resizes it."""
    fields = upload(s3, StorageClass="DEEP_ARCHIVE")
    assert outcome_of(notification(ENCODED, **fields)) == ("rejected", "archived")
    s3.restore_object(Bucket=BUCKET, Key=KEY, RestoreRequest={"Days": 1})
    assert outcome_of(notification(ENCODED, change="ObjectRestore:Completed", **fields)) == ("resized", None)


def test_a_denied_image_is_rejected_with_the_permission(s3: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The log names the permission and its resource; the function does not fail, so nothing is retried."""
    text = "User: r is not authorized to perform: kms:Decrypt on resource: arn:aws:kms:us-east-1:1:key/k because no"
    details: list[str] = []
    monkeypatch.setattr(handler.logger, "warning", lambda _, extra: details.append(extra["detail"]))

    def deny(http_response: Any, parsed: dict[str, Any], **_: Any) -> None:
        http_response.status_code = 403
        parsed["Error"] = {"Code": "AccessDenied", "Message": text}

    event = notification(ENCODED, **upload(s3))
    clients.client("s3").meta.events.register("after-call.s3.GetObject", deny)
    try:
        assert outcome_of(event) == ("rejected", "access_denied")
    finally:
        clients.client("s3").meta.events.unregister("after-call.s3.GetObject", deny)
    assert "kms:Decrypt on resource: arn:aws:kms:us-east-1:1:key/k" in details[0]
