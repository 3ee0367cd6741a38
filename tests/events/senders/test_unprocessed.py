"""No event is lost if time runs out, the image is rejected, or it needs more memory."""

import json
from dataclasses import dataclass, replace
from typing import Any

import pytest

from resizer import handler, pipeline
from resizer.errors import Reason, RecordsFailed, Rejected
from resizer.local.trigger import LocalContext
from resizer.model import SourceObject
from resizer.s3 import clients
from tests.conftest import BUCKET
from tests.events.senders.calls import PHOTO, etag, invoke
from tests.support.recording import RecordingS3
from tests.support.samples import KEY, sample
from tests.support.sources import sources


@dataclass(frozen=True)
class ShortContext(LocalContext):
    """A context with little time left."""

    milliseconds: int = 200

    def get_remaining_time_in_millis(self) -> int:
        return self.milliseconds


@pytest.mark.parametrize("name", ["s3-post", "sqs-s3", "batch-1.0", "direct"])
def test_with_little_time_left_nothing_is_started(recorded: RecordingS3, name: str) -> None:
    """With too little time left, a record is not started and comes back."""
    event, context = sample(name, PHOTO), ShortContext()
    if name == "s3-post":
        with pytest.raises(RecordsFailed, match="too few to start"):
            invoke(event, context)
    else:
        answer = invoke(event, context)
        results = answer.get("batchItemFailures") or answer["results"]
        assert len(results) == 1
        assert results[0].get("resultCode", "TemporaryFailure") == "TemporaryFailure"
        assert results[0].get("reason", "out_of_time") == "out_of_time"
    assert recorded.calls == []


@pytest.fixture
def rejections(recorded: RecordingS3, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Reads the messages of a rejections queue."""
    sqs = clients.client("sqs")
    url = sqs.create_queue(QueueName="rejections")["QueueUrl"]
    monkeypatch.setattr(handler, "settings", replace(handler.settings, rejections_queue_url=url))
    yield lambda: [json.loads(each["Body"]) for each in sqs.receive_message(QueueUrl=url).get("Messages", ())]
    sqs.delete_queue(QueueUrl=url)


def test_a_rejection_is_sent_to_the_queue(recorded: RecordingS3, rejections: Any) -> None:
    """A rejected image sends one message with bucket, key, ETag, reason and detail; a resized one sends none."""
    recorded.client.put_object(Bucket=BUCKET, Key=KEY, Body=b"no image")
    invoke(sample("direct"))
    [message] = rejections()
    assert message == {
        "bucket": BUCKET, "key": KEY, "etag": etag(b"no image"), "reason": "not_an_image",
        "detail": "The object starts with b'no image', which no image does.",
    }  # fmt: skip
    recorded.client.put_object(Bucket=BUCKET, Key=KEY, Body=PHOTO)
    invoke(sample("direct"))
    assert rejections() == []


def test_a_rejection_that_cannot_be_sent_comes_back(recorded: RecordingS3, monkeypatch: pytest.MonkeyPatch) -> None:
    """If the rejections queue fails, the record fails and is retried."""
    missing_queue = clients.client("sqs").meta.endpoint_url + "/123456789012/nowhere"
    monkeypatch.setattr(handler, "settings", replace(handler.settings, rejections_queue_url=missing_queue))
    recorded.client.put_object(Bucket=BUCKET, Key=KEY, Body=b"no image")
    with pytest.raises(RecordsFailed, match=r"send_message to http://.*/nowhere failed"):
        invoke(sample("s3-post", b"no image"))


class LargeFunction:
    """A Lambda client that records its invocations."""

    def __init__(self) -> None:
        self.invoked: list[dict[str, Any]] = []

    def invoke(self, **request: Any) -> dict[str, Any]:
        self.invoked.append(request)
        return {"StatusCode": 202}


@pytest.mark.parametrize("name", ["s3-put-versioned", "direct-widths"])
def test_an_image_that_needs_more_memory_is_forwarded_once(
    recorded: RecordingS3, rejections: Any, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """It goes to the large function, asynchronously; only that one rejects it."""

    def too_large(*_: Any) -> None:
        raise Rejected(Reason.NEEDS_MEMORY, "It would take 700 MB.")

    large, client = LargeFunction(), clients.client
    monkeypatch.setattr(clients, "client", lambda service: large if service == "lambda" else client(service))
    monkeypatch.setattr(handler, "settings", replace(handler.settings, large_function="resizer-large"))
    monkeypatch.setattr(pipeline, "open_image", too_large)
    event = sample(name, PHOTO)
    [result] = invoke(event)["results"]
    assert (result["outcome"], result["reason"], rejections()) == ("skipped", "handed_over", [])
    [request] = large.invoked
    assert (request["FunctionName"], request["InvocationType"]) == ("resizer-large", "Event")
    payload = json.loads(request["Payload"])
    [source] = sources(payload)
    [original] = sources(event) if name.startswith("s3") else [SourceObject(BUCKET, KEY, widths=(320, 160))]
    assert source == replace(original, forwarded=True)
    [result] = invoke(payload)["results"]
    assert (result["outcome"], result["reason"], len(large.invoked)) == ("rejected", "needs_memory", 1)
    assert [each["reason"] for each in rejections()] == ["needs_memory"]
