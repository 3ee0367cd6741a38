"""What becomes of each source is told on an event bus, at least once; what could not be told comes back."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from resizer import handler
from resizer.errors import RecordsFailed
from resizer.publish import event_bus
from resizer.s3 import clients
from tests.conftest import BUCKET, context, notification
from tests.support.listening import Listening
from tests.support.manifests import parsed, with_manifest
from tests.support.pictures import photo_like, saved

if TYPE_CHECKING:
    from collections.abc import Iterator

BUS = "pictures"
CAT = saved(photo_like(600, 400))


@pytest.fixture
def bus(s3: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Listening]:
    """An event bus that the handler tells, with manifests on."""
    monkeypatch.setattr(handler, "settings", with_manifest(replace(handler.settings, event_bus=BUS)))
    listening = Listening.on(BUS)
    yield listening
    listening.close()


@pytest.fixture
def unreachable(s3: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bus that takes nothing."""

    def refuse(*_: Any, **__: Any) -> Any:
        raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, "PutEvents")

    class Refusing:
        put_events = staticmethod(refuse)

    monkeypatch.setattr(handler, "settings", with_manifest(replace(handler.settings, event_bus=BUS)))
    client = clients.client
    monkeypatch.setattr(clients, "client", lambda service: Refusing() if service == "events" else client(service))


def invoke(event: dict[str, Any]) -> dict[str, Any]:
    return handler.lambda_handler(event, context())


def told(listening: Listening) -> list[tuple[str, dict[str, Any]]]:
    return [(each["detail-type"], each["detail"]) for each in listening.heard()]


def sqs(*keys: str) -> dict[str, Any]:
    records = [
        {"messageId": key, "eventSource": "aws:sqs", "eventSourceARN": "arn:aws:sqs:eu-central-1:1:q",
         "body": json.dumps(notification(key))}
        for key in keys
    ]  # fmt: skip
    return {"Records": records}


def test_renditions_are_told_with_their_manifest(s3: Any, bus: Listening) -> None:
    """`Renditions Ready` holds what the manifest in the bucket holds, word for word."""
    s3.put_object(Bucket=BUCKET, Key="a+b é.jpg", Body=CAT)
    invoke(notification("a%2Bb+%C3%A9.jpg"))
    [event] = bus.heard()
    assert (event["source"], event["detail-type"]) == ("resizer", "Renditions Ready")
    stored = s3.get_object(Bucket=BUCKET, Key="resized/manifest-a+b é.jpg.json")
    assert event["detail"] == parsed(stored["Body"].read())
    assert len(event["detail"]["renditions"]) == 3


def test_without_a_manifest_the_event_says_the_same(s3: Any, bus: Listening, monkeypatch: pytest.MonkeyPatch) -> None:
    """The event needs no manifest in the bucket; without a placeholder it has none."""
    plain = replace(handler.settings.defaults, manifest=False, placeholder=False)
    monkeypatch.setattr(handler, "settings", replace(handler.settings, defaults=plain))
    s3.put_object(Bucket=BUCKET, Key="cat.jpg", Body=CAT)
    invoke(notification("cat.jpg"))
    [(_, detail)] = told(bus)
    assert detail["srcset"]["jpeg"].startswith("/resized/480-cat.jpg 480w, ")
    assert detail["thumbhash"] is None


def test_removals_and_rejections_are_told(s3: Any, bus: Listening) -> None:
    """`Renditions Removed` names the keys under which there is nothing any more, `Image Rejected` the reason."""
    s3.put_object(Bucket=BUCKET, Key="cat.jpg", Body=CAT)
    etag = s3.put_object(Bucket=BUCKET, Key="note é.txt", Body=b"text")["ETag"].strip('"')
    invoke(notification("cat.jpg"))
    s3.delete_object(Bucket=BUCKET, Key="cat.jpg")
    bus.heard()
    invoke(notification("cat.jpg", change="ObjectRemoved:Delete"))
    keys = ["resized/manifest-cat.jpg.json", *(f"resized/{width}-cat.jpg" for width in (1000, 640, 480))]
    [(type_, detail)] = told(bus)
    assert (type_, detail.pop("version")) == ("Renditions Removed", 1)
    assert sorted(each["key"] for each in detail.pop("renditions")) == sorted(keys)
    assert detail == {"source": {"bucket": BUCKET, "key": "cat.jpg"}, "bucket": BUCKET}
    invoke(notification("note+%C3%A9.txt"))
    [(type_, detail)] = told(bus)
    assert type_ == "Image Rejected"
    assert detail == {
        "version": 1,
        "source": {"bucket": BUCKET, "key": "note é.txt", "etag": etag},
        "reason": "not_an_image",
        "detail": "The object starts with b'text', which no image does.",
    }


def test_a_retry_that_finds_all_done_tells_too(s3: Any, bus: Listening) -> None:
    """Nobody knows whether the try before came to tell, so uploads and removals are told again."""
    s3.put_object(Bucket=BUCKET, Key="cat.jpg", Body=CAT)
    for _ in range(2):
        invoke(notification("cat.jpg"))
    first, second = told(bus)
    assert first == second
    s3.delete_object(Bucket=BUCKET, Key="cat.jpg")
    for change in ("ObjectRemoved:Delete", "ObjectRemoved:Delete", "ObjectCreated:Put"):
        invoke(notification("cat.jpg", change=change))
    first, *others = told(bus)
    assert first[0] == "Renditions Removed"
    assert others == [first, first]


@pytest.mark.parametrize(
    "event",
    [
        {"data": {"bucket": BUCKET, "key": "cat.jpg", "widths": [200]}},
        {
            "invocationSchemaVersion": "2.0",
            "job": {"userArguments": {"widths": "200"}},
            "tasks": [{"taskId": "1", "s3Key": "cat.jpg", "s3Bucket": BUCKET}],
        },
    ],
)
def test_an_events_own_widths_are_not_told(s3: Any, bus: Listening, event: dict[str, Any]) -> None:
    """A direct event or a batch job with widths of its own gets its answer, and the bus hears nothing."""
    s3.put_object(Bucket=BUCKET, Key="cat.jpg", Body=CAT)
    invoke(event)
    assert s3.head_object(Bucket=BUCKET, Key="resized/200-cat.jpg")["ContentLength"] > 0
    assert bus.heard() == []


def test_what_is_skipped_is_not_told(s3: Any, bus: Listening) -> None:
    """An event for one of our own outputs, or a warm-up, says nothing to anybody."""
    invoke(notification("resized/480-cat.jpg"))
    invoke({"warm": True})
    assert bus.heard() == []


def test_ten_records_are_told_in_one_request(s3: Any, bus: Listening, monkeypatch: pytest.MonkeyPatch) -> None:
    """The records of an invocation are told together, after all of them are done."""
    sent: list[int] = []
    send = clients.send

    def noting(*arguments: Any, **request: Any) -> Any:
        sent.append(len(request["Entries"]))
        return send(*arguments, **request)

    monkeypatch.setattr(clients, "send", noting)
    for number in range(10):
        s3.put_object(Bucket=BUCKET, Key=f"{number}.txt", Body=b"text")
    assert invoke(sqs(*(f"{number}.txt" for number in range(10)))) == {"batchItemFailures": []}
    assert sent == [10]
    assert sorted(detail["source"]["key"] for _, detail in told(bus)) == [f"{number}.txt" for number in range(10)]


@pytest.mark.usefixtures("unreachable")
def test_what_could_not_be_told_comes_back(s3: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """Each sender gets the record back in its own way, and what had nothing to tell stays done."""
    s3.put_object(Bucket=BUCKET, Key="cat.jpg", Body=CAT)
    with pytest.raises(RecordsFailed, match=r"s3://photos/cat.jpg is resized, .*put_events to pictures.*AccessDenied"):
        invoke(notification("cat.jpg"))
    assert s3.head_object(Bucket=BUCKET, Key="resized/480-cat.jpg")["ContentLength"] > 0
    failed = invoke(sqs("cat.jpg", "resized/480-cat.jpg"))
    assert failed == {"batchItemFailures": [{"itemIdentifier": "cat.jpg"}]}
    [result] = invoke({"data": {"bucket": BUCKET, "key": "cat.jpg"}})["results"]
    assert (result["outcome"], result["reason"], result["error"]["type"]) == ("failed", "delivery", "delivery")
    task = {"taskId": "1", "s3Key": "cat.jpg", "s3Bucket": BUCKET}
    [result] = invoke({"invocationSchemaVersion": "2.0", "tasks": [task]})["results"]
    assert result["resultCode"] == "TemporaryFailure"


def test_records_that_failed_anyway_are_told_by_their_retry(s3: Any, bus: Listening) -> None:
    """One record that cannot be read does not keep the others from being told."""
    s3.put_object(Bucket=BUCKET, Key="cat.jpg", Body=CAT)
    event = notification("cat.jpg", "cat.jpg")
    del event["Records"][1]["s3"]["object"]["key"]
    with pytest.raises(Exception, match="key is missing"):
        invoke(event)
    assert [type_ for type_, _ in told(bus)] == ["Renditions Ready"]


def test_without_a_bus_nothing_is_sent(s3: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """By default there is no bus, and no request to one."""
    monkeypatch.setattr(event_bus, "send", lambda *_, **__: pytest.fail("sent"))
    s3.put_object(Bucket=BUCKET, Key="cat.jpg", Body=CAT)
    assert invoke(notification("cat.jpg"))["results"][0]["outcome"] == "resized"
