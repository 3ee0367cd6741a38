"""Every change of renditions is sent to the event bus at least once; a record whose event fails comes back."""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

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

BUS = "pictures"
CAT = saved(photo_like(600, 400))


@pytest.fixture
def bus(s3: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Listening]:
    """The handler's event bus, with manifests on."""
    monkeypatch.setattr(handler, "settings", with_manifest(replace(handler.settings, event_bus=BUS)))
    listening = Listening.on(BUS)
    yield listening
    listening.close()


@pytest.fixture
def unreachable(s3: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """An event bus that denies every request."""

    def deny(*_: Any, **__: Any) -> Any:
        raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, "PutEvents")

    class DenyingClient:
        put_events = staticmethod(deny)

    monkeypatch.setattr(handler, "settings", with_manifest(replace(handler.settings, event_bus=BUS)))
    client = clients.client
    monkeypatch.setattr(clients, "client", lambda service: DenyingClient() if service == "events" else client(service))


def invoke(event: dict[str, Any]) -> dict[str, Any]:
    return handler.lambda_handler(event, context())


def received(listening: Listening) -> list[tuple[str, dict[str, Any]]]:
    return [(each["detail-type"], each["detail"]) for each in listening.received()]


def sqs(*keys: str) -> dict[str, Any]:
    records = [
        {"messageId": key, "eventSource": "aws:sqs", "eventSourceARN": "arn:aws:sqs:eu-central-1:1:q",
         "body": json.dumps(notification(key))}
        for key in keys
    ]  # fmt: skip
    return {"Records": records}


def test_renditions_ready_contains_the_manifest(s3: Any, bus: Listening) -> None:
    """The detail of `Renditions Ready` is the same as the manifest in the bucket."""
    s3.put_object(Bucket=BUCKET, Key="a+b é.jpg", Body=CAT)
    invoke(notification("a%2Bb+%C3%A9.jpg"))
    [event] = bus.received()
    assert (event["source"], event["detail-type"]) == ("resizer", "Renditions Ready")
    stored = s3.get_object(Bucket=BUCKET, Key="resized/manifest-a+b é.jpg.json")
    assert event["detail"] == parsed(stored["Body"].read())
    assert len(event["detail"]["renditions"]) == 3


def test_without_a_manifest_the_event_has_the_same_fields(
    s3: Any, bus: Listening, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The event does not need a manifest in the bucket; without a placeholder its fields are null."""
    plain = replace(handler.settings.defaults, manifest=False, placeholder=False)
    monkeypatch.setattr(handler, "settings", replace(handler.settings, defaults=plain))
    s3.put_object(Bucket=BUCKET, Key="cat.jpg", Body=CAT)
    invoke(notification("cat.jpg"))
    [(_, detail)] = received(bus)
    assert detail["srcset"]["jpeg"].startswith("/resized/480-cat.jpg 480w, ")
    assert detail["thumbhash"] is None


def test_removals_and_rejections_are_sent(s3: Any, bus: Listening) -> None:
    """`Renditions Removed` lists the deleted keys, `Image Rejected` the reason."""
    s3.put_object(Bucket=BUCKET, Key="cat.jpg", Body=CAT)
    etag = s3.put_object(Bucket=BUCKET, Key="note é.txt", Body=b"text")["ETag"].strip('"')
    invoke(notification("cat.jpg"))
    s3.delete_object(Bucket=BUCKET, Key="cat.jpg")
    bus.received()
    invoke(notification("cat.jpg", change="ObjectRemoved:Delete"))
    keys = ["resized/manifest-cat.jpg.json", *(f"resized/{width}-cat.jpg" for width in (1000, 640, 480))]
    [(type_, detail)] = received(bus)
    assert (type_, detail.pop("version")) == ("Renditions Removed", 1)
    assert sorted(each["key"] for each in detail.pop("renditions")) == sorted(keys)
    assert detail == {"source": {"bucket": BUCKET, "key": "cat.jpg"}, "bucket": BUCKET}
    invoke(notification("note+%C3%A9.txt"))
    [(type_, detail)] = received(bus)
    assert type_ == "Image Rejected"
    assert detail == {
        "version": 1,
        "source": {"bucket": BUCKET, "key": "note é.txt", "etag": etag},
        "reason": "not_an_image",
        "detail": "The object starts with b'text', which no image does.",
    }


def test_a_retry_with_nothing_to_do_sends_the_event_again(s3: Any, bus: Listening) -> None:
    """The first attempt may have failed before it sent its event, so a retry sends it again."""
    s3.put_object(Bucket=BUCKET, Key="cat.jpg", Body=CAT)
    for _ in range(2):
        invoke(notification("cat.jpg"))
    first, second = received(bus)
    assert first == second
    s3.delete_object(Bucket=BUCKET, Key="cat.jpg")
    for change in ("ObjectRemoved:Delete", "ObjectRemoved:Delete", "ObjectCreated:Put"):
        invoke(notification("cat.jpg", change=change))
    first, *others = received(bus)
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
def test_widths_of_an_event_are_not_sent(s3: Any, bus: Listening, event: dict[str, Any]) -> None:
    """Renditions in widths of a direct event or a batch job are written, but no event is sent."""
    s3.put_object(Bucket=BUCKET, Key="cat.jpg", Body=CAT)
    invoke(event)
    assert s3.head_object(Bucket=BUCKET, Key="resized/200-cat.jpg")["ContentLength"] > 0
    assert bus.received() == []


def test_skipped_events_send_nothing(s3: Any, bus: Listening) -> None:
    """The event of a rendition and a warm-up send no event."""
    invoke(notification("resized/480-cat.jpg"))
    invoke({"warm": True})
    assert bus.received() == []


def test_ten_records_are_sent_in_one_request(s3: Any, bus: Listening, monkeypatch: pytest.MonkeyPatch) -> None:
    """The events of an invocation are sent together, after all records are processed."""
    sent: list[int] = []
    send = clients.send

    def record(*arguments: Any, **request: Any) -> Any:
        sent.append(len(request["Entries"]))
        return send(*arguments, **request)

    monkeypatch.setattr(clients, "send", record)
    for number in range(10):
        s3.put_object(Bucket=BUCKET, Key=f"{number}.txt", Body=b"text")
    assert invoke(sqs(*(f"{number}.txt" for number in range(10)))) == {"batchItemFailures": []}
    assert sent == [10]
    assert sorted(detail["source"]["key"] for _, detail in received(bus)) == [f"{number}.txt" for number in range(10)]


@pytest.mark.usefixtures("unreachable")
def test_a_record_whose_event_cannot_be_sent_comes_back(s3: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """Each sender learns of the failure in its own format; records without an event succeed."""
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


def test_an_unreadable_record_does_not_stop_the_events_of_others(s3: Any, bus: Listening) -> None:
    """If one record is unreadable, the events of the others are sent."""
    s3.put_object(Bucket=BUCKET, Key="cat.jpg", Body=CAT)
    event = notification("cat.jpg", "cat.jpg")
    del event["Records"][1]["s3"]["object"]["key"]
    with pytest.raises(Exception, match="key is missing"):
        invoke(event)
    assert [type_ for type_, _ in received(bus)] == ["Renditions Ready"]


def test_without_a_bus_nothing_is_sent(s3: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """By default there is no event bus and no request to one."""
    monkeypatch.setattr(event_bus, "send", lambda *_, **__: pytest.fail("sent"))
    s3.put_object(Bucket=BUCKET, Key="cat.jpg", Body=CAT)
    assert invoke(notification("cat.jpg"))["results"][0]["outcome"] == "resized"
