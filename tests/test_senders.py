"""Every sender's events, as AWS sends them, through the whole handler to the answer that each expects."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from typing import Any, cast

import pytest

from resizer import clients, events, handler, pipeline
from resizer.errors import Reason, RecordsFailed, Rejected, UnknownEvent
from resizer.local.trigger import LocalContext
from resizer.model import Change, SourceObject
from tests.conftest import BUCKET
from tests.pictures import photo_like, saved
from tests.recording import RecordingS3, refusal
from tests.samples import KEY, names, sample

PHOTO = saved(photo_like(64, 48))
OUTPUTS = {f"resized/{width}-{KEY}" for width in (480, 640, 1000)}
CREATED = ["s3-put-versioned", "s3-post", "s3-copy", *names("s3-version"), "sns", "eventbridge-created"]
REMOVED = ["s3-removed", "s3-removed-marker", "s3-expired", "eventbridge-deleted", "eventbridge-deleted-marker"]
QUEUED = ["sqs-s3", "sqs-sns", "sqs-sns-raw", "sqs-eventbridge"]


@dataclass(frozen=True)
class ShortContext(LocalContext):
    """A context with little time left."""

    milliseconds: int = 200

    def get_remaining_time_in_millis(self) -> int:
        return self.milliseconds


@pytest.fixture
def recorded(s3: Any, monkeypatch: pytest.MonkeyPatch) -> RecordingS3:
    """The handler's S3, which remembers its requests; the photo lies in the bucket under the samples' key."""
    s3.put_object(Bucket=BUCKET, Key=KEY, Body=PHOTO)
    recording = RecordingS3(s3)
    monkeypatch.setattr(clients, "s3", lambda: recording)
    return recording


def invoke(event: Any, context: LocalContext | None = None) -> dict[str, Any]:
    """The handler's answer, as JSON carries it."""
    answer: dict[str, Any] = json.loads(
        json.dumps(handler.lambda_handler(event, cast("Any", context or LocalContext())))
    )
    return answer


def standing(s3: RecordingS3) -> set[str]:
    listed = s3.client.list_objects_v2(Bucket=BUCKET, Prefix="resized/").get("Contents", ())
    return {entry["Key"] for entry in listed}


@pytest.mark.parametrize("name", CREATED)
def test_a_created_object_is_resized_whoever_tells_of_it(recorded: RecordingS3, name: str) -> None:
    """Each sender's event about a key with `+`, a space, `%25`, é and 日本 gives its three renditions."""
    [result] = invoke(sample(name, PHOTO))["results"]
    assert (result["key"], result["outcome"]) == (KEY, "resized")
    assert standing(recorded) == OUTPUTS


@pytest.mark.parametrize("name", REMOVED)
def test_a_removed_object_loses_its_renditions_whoever_tells_of_it(recorded: RecordingS3, name: str) -> None:
    """Each sender's removal takes all three renditions away, once the object is really gone."""
    invoke(sample("s3-post", PHOTO))
    recorded.client.delete_object(Bucket=BUCKET, Key=KEY)
    [result] = invoke(sample(name))["results"]
    assert (result["key"], result["outcome"], standing(recorded)) == (KEY, "removed", set())


def test_several_records_get_a_result_each(recorded: RecordingS3) -> None:
    """Of several records in one event each is done and answered for, in order; an output is skipped untouched."""
    recorded.client.put_object(Bucket=BUCKET, Key="cat.jpg", Body=PHOTO)
    for name in ("s3-several", "sns-several"):
        results = invoke(sample(name, PHOTO))["results"]
        assert [result["key"] for result in results] == [KEY, "cat.jpg", "resized/480-cat.jpg"][: len(results)]
    assert len(standing(recorded)) == 6


@pytest.mark.parametrize(
    ("name", "broken"),
    [
        ("s3-several", {"eventVersion": "3.0"}),
        ("s3-several", {"s3": {}}),
        ("sns-several", {"Sns": {"Message": "no json"}}),
        ("sns-several", {"EventSource": "aws:ses"}),
    ],
)
def test_a_record_that_cannot_be_read_does_not_keep_the_others_from_being_done(
    recorded: RecordingS3, name: str, broken: dict[str, Any]
) -> None:
    """Beside a record that cannot be read the others are done, and then the event fails, so that it is not lost."""
    recorded.client.put_object(Bucket=BUCKET, Key="cat.jpg", Body=PHOTO)
    event = sample(name, PHOTO)
    event["Records"].insert(0, event["Records"][0] | broken)
    with pytest.raises(UnknownEvent, match="expected an S3 notification"):
        invoke(event)
    assert len(standing(recorded)) == 6


def test_a_message_with_a_record_that_cannot_be_read_comes_back_when_its_others_are_done(recorded: RecordingS3) -> None:
    """In a queue the same: what can be read is done, and the message comes back."""
    event, records = sample("sqs-s3"), sample("s3-several", PHOTO)
    records["Records"].insert(0, {"eventSource": "aws:s3", "eventVersion": "3.0"})
    event["Records"][0]["body"] = json.dumps(records)
    recorded.client.put_object(Bucket=BUCKET, Key="cat.jpg", Body=PHOTO)
    assert invoke(event) == {"batchItemFailures": [{"itemIdentifier": event["Records"][0]["messageId"]}]}
    assert len(standing(recorded)) == 6


@pytest.mark.parametrize("name", ["s3-test", "warm", "eventbridge-schedule"])
def test_what_asks_for_nothing_touches_nothing(recorded: RecordingS3, name: str) -> None:
    """A test event, a warm-up and a schedule have an empty answer and cost no request."""
    assert invoke(sample(name)) == {"results": []}
    assert recorded.calls == []


@pytest.mark.parametrize("name", QUEUED)
def test_a_queue_may_stand_between(recorded: RecordingS3, name: str) -> None:
    """Through SQS, with SNS or EventBridge before it or not, the object is resized and no message comes back."""
    assert invoke(sample(name, PHOTO)) == {"batchItemFailures": []}
    assert standing(recorded) == OUTPUTS


def test_a_removal_may_come_through_a_queue(recorded: RecordingS3) -> None:
    """A removal in an EventBridge message in a queue takes the renditions away."""
    invoke(sample("s3-post", PHOTO))
    recorded.client.delete_object(Bucket=BUCKET, Key=KEY)
    assert invoke(sample("sqs-eventbridge-deleted")) == {"batchItemFailures": []}
    assert standing(recorded) == set()


@pytest.mark.parametrize("poison", ["no json", "[]", '{"Records": [{"eventSource": "aws:s3"}]}', '"text"'])
def test_a_poison_message_comes_back_alone(recorded: RecordingS3, poison: str) -> None:
    """A message that cannot be read is reported by its id, and the rest of its batch is done."""
    event = sample("sqs-s3-several", PHOTO)
    event["Records"][0]["body"] = poison
    failed = [{"itemIdentifier": event["Records"][0]["messageId"]}]
    assert invoke(event) == {"batchItemFailures": failed}
    assert standing(recorded) == OUTPUTS


@pytest.mark.parametrize("queue", ["uploads", "uploads.fifo"])
def test_all_failing_is_a_list_and_no_error(recorded: RecordingS3, queue: str) -> None:
    """Where every message fails, all of them are listed, so that only the queue's own policy counts its tries."""
    recorded.faults["get_object"] = lambda _: refuse("SlowDown")
    event = sample("sqs-s3", PHOTO)
    event["Records"][0]["eventSourceARN"] = f"arn:aws:sqs:eu-central-1:111122223333:{queue}"
    assert invoke(event) == {"batchItemFailures": [{"itemIdentifier": event["Records"][0]["messageId"]}]}


def refuse(code: str) -> None:
    raise refusal(code, "GetObject")


def test_an_event_that_lambda_gave_up_can_be_sent_again(recorded: RecordingS3) -> None:
    """What lies in the failure queue, wrapped by Lambda, is resized when that queue is connected to the function."""
    event = sample("sqs-s3")
    event["Records"][0]["body"] = json.dumps({"requestContext": {}, "requestPayload": sample("s3-post", PHOTO)})
    assert invoke(event) == {"batchItemFailures": []}
    assert standing(recorded) == OUTPUTS


@pytest.mark.parametrize(("name", "widths"), [("batch-1.0", (480, 640, 1000)), ("batch-2.0", (160, 320))])
def test_batch_operations_get_their_result(recorded: RecordingS3, name: str, widths: tuple[int, ...]) -> None:
    """A task of either schema succeeds with the keys in its `resultString`; `userArguments` set the widths."""
    event, outputs = sample(name), [f"resized/{width}-{KEY}" for width in widths]
    answer = invoke(event)
    assert answer == {
        "invocationSchemaVersion": event["invocationSchemaVersion"],
        "treatMissingKeysAs": "PermanentFailure",
        "invocationId": event["invocationId"],
        "results": [
            {"taskId": event["tasks"][0]["taskId"], "resultCode": "Succeeded",
             "resultString": "resized: " + ", ".join(outputs)},
        ],
    }  # fmt: skip
    assert standing(recorded) == set(outputs)


@pytest.mark.parametrize(
    ("change", "code", "story"),
    [
        ({"s3Key": "note.txt"}, "PermanentFailure", "not_an_image: "),
        ({"s3Key": "nowhere.jpg"}, "PermanentFailure", "source_gone: "),
        ({"s3Key": "resized/480-x.jpg"}, "Succeeded", "output_prefix"),
        ({"s3Key": None}, "PermanentFailure", "This task cannot be read: "),
        ({"s3VersionId": "an-older-one"}, "Succeeded", "superseded: "),
    ],
)
def test_batch_operations_learn_why(recorded: RecordingS3, change: dict[str, Any], code: str, story: str) -> None:
    """A task that cannot be done has the code that AWS acts on and a reason that a person can read."""
    recorded.client.put_object(Bucket=BUCKET, Key="note.txt", Body=b"text")
    event = sample("batch-1.0")
    event["tasks"][0] |= change
    [result] = invoke(event)["results"]
    assert (result["resultCode"], result["resultString"][: len(story)]) == (code, story)


def test_batch_operations_try_again_what_another_try_may_cure(recorded: RecordingS3) -> None:
    """Where S3 refuses, the task is a `TemporaryFailure`; wrong widths are a permanent one that names them."""
    event = sample("batch-2.0")
    event["job"]["userArguments"]["widths"] = "wide"
    assert "widths='wide' must be widths" in invoke(event)["results"][0]["resultString"]
    recorded.faults["get_object"] = lambda _: refuse("SlowDown")
    assert invoke(sample("batch-1.0"))["results"][0]["resultCode"] == "TemporaryFailure"


def test_a_direct_invocation_holds_the_renditions(recorded: RecordingS3) -> None:
    """A direct invocation's answer holds the renditions, also where they stood already, in the widths asked for."""
    for event, outcome, widths in (
        (sample("direct"), "resized", [480, 640, 1000]),
        (sample("direct"), "skipped", [480, 640, 1000]),
        (sample("direct-widths"), "resized", [160, 320]),
    ):
        [result] = invoke(event)["results"]
        assert (result["outcome"], [each["key"] for each in result["renditions"]]) == (
            outcome, [f"resized/{width}-{KEY}" for width in widths],
        )  # fmt: skip


def test_errors_of_a_direct_invocation_are_returned_with_their_type(recorded: RecordingS3) -> None:
    """Whoever waits for the answer gets errors in it: rejections, failures, and requests that make no sense."""
    recorded.client.put_object(Bucket=BUCKET, Key="note.txt", Body=b"text")
    [result] = invoke({"data": {"bucket": BUCKET, "key": "note.txt"}})["results"]
    assert (result["outcome"], result["error"]["type"]) == ("rejected", "not_an_image")
    recorded.faults["get_object"] = lambda _: refuse("SlowDown")
    [result] = invoke(sample("direct"))["results"]
    assert (result["outcome"], result["error"]["type"]) == ("failed", "storage")
    assert "SlowDown" in result["error"]["message"]
    senseless: list[Any] = [{}, {"bucket": BUCKET}, [], {"bucket": BUCKET, "key": "x", "widths": [0]}]
    for data in senseless:
        answer = invoke({"data": data})
        assert (answer["results"], answer["error"]["type"]) == ([], "invalid_event")


def test_no_event_asks_for_more_widths_than_the_settings_may(recorded: RecordingS3) -> None:
    """Twenty widths of its own are the most that an event gets, whoever sends it; the answer says so."""
    widths = list(range(1, 22))
    direct = invoke({"data": {"bucket": BUCKET, "key": KEY, "widths": widths}})["error"]
    assert direct["type"] == "invalid_event"
    batch = sample("batch-2.0")
    batch["job"]["userArguments"]["widths"] = ",".join(map(str, widths))
    [task] = invoke(batch)["results"]
    handed_over = sample("s3-post", PHOTO)
    handed_over["Records"][0]["resizer"] = {"handedOver": True, "widths": widths}
    with pytest.raises(UnknownEvent) as refused:
        invoke(handed_over)
    for story in (direct["message"], task["resultString"], str(refused.value)):
        assert "must be at most 20 widths; these are 21" in story
    assert recorded.calls == []


def test_a_later_major_version_is_not_guessed_at() -> None:
    """An S3 event whose major version is another one is refused, for its fields may mean anything."""
    event = sample("s3-put")
    event["Records"][0]["eventVersion"] = "3.0"
    with pytest.raises(UnknownEvent, match=r"eventVersion is 3\.0"):
        events.sources(event)


def test_what_the_samples_tell_is_read_in_full() -> None:
    """ETag, size, sequencer, version and time arrive, in seconds since 1970 and not before the change."""
    assert events.sources(sample("s3-put-versioned", PHOTO)) == [
        SourceObject(
            BUCKET, KEY, Change.CREATED, etag(PHOTO), len(PHOTO), "0062E99A88DC407460",
            "096fKKXTRTtl3on89fVO.nfljtsv6qko", time=1773480413.590,
        ),
    ]  # fmt: skip
    [created] = events.sources(sample("eventbridge-created", PHOTO))
    assert (created.version_id, created.time) == (None, 1773480414.0)


def etag(body: bytes) -> str:
    return hashlib.md5(body, usedforsecurity=False).hexdigest()


@pytest.mark.parametrize("name", ["s3-post", "sqs-s3", "batch-1.0", "direct"])
def test_with_little_time_left_nothing_is_begun(recorded: RecordingS3, name: str) -> None:
    """With too little time left a record is not started, and is reported so that it comes back."""
    event, context = sample(name, PHOTO), ShortContext()
    if name == "s3-post":
        with pytest.raises(RecordsFailed, match="too few to begin"):
            invoke(event, context)
    else:
        answer = invoke(event, context)
        told = answer.get("batchItemFailures") or answer["results"]
        assert len(told) == 1
        assert told[0].get("resultCode", "TemporaryFailure") == "TemporaryFailure"
        assert told[0].get("reason", "out_of_time") == "out_of_time"
    assert recorded.calls == []


def test_a_removal_that_cannot_wait_comes_back(recorded: RecordingS3, monkeypatch: pytest.MonkeyPatch) -> None:
    """A removal so fresh that it has to wait is not begun where the time left is shorter than the wait."""
    event = sample("s3-removed")
    event["Records"][0]["eventTime"] = "2999-01-01T00:00:00.000Z"
    with pytest.raises(RecordsFailed, match="Too little time is left to see"):
        invoke(event, ShortContext(milliseconds=1_200))
    assert recorded.calls == []


@pytest.fixture
def rejections(recorded: RecordingS3, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The messages in a real queue for rejections."""
    sqs = clients.client("sqs")
    url = sqs.create_queue(QueueName="rejections")["QueueUrl"]
    monkeypatch.setattr(handler, "settings", replace(handler.settings, rejections_queue_url=url))
    yield lambda: [json.loads(each["Body"]) for each in sqs.receive_message(QueueUrl=url).get("Messages", ())]
    sqs.delete_queue(QueueUrl=url)


def test_a_rejection_is_recorded(recorded: RecordingS3, rejections: Any) -> None:
    """A rejected image leaves one message with bucket, key, ETag, reason and detail; a resized one leaves none."""
    recorded.client.put_object(Bucket=BUCKET, Key=KEY, Body=b"no image")
    invoke(sample("direct"))
    [told] = rejections()
    assert told == {
        "bucket": BUCKET, "key": KEY, "etag": etag(b"no image"), "reason": "not_an_image",
        "detail": "The object starts with b'no image', which no image does.",
    }  # fmt: skip
    recorded.client.put_object(Bucket=BUCKET, Key=KEY, Body=PHOTO)
    invoke(sample("direct"))
    assert rejections() == []


def test_a_rejection_that_cannot_be_recorded_comes_back(recorded: RecordingS3, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the queue for rejections refuses, the record fails and is tried again, so that nothing is lost."""
    nowhere = clients.client("sqs").meta.endpoint_url + "/123456789012/nowhere"
    monkeypatch.setattr(handler, "settings", replace(handler.settings, rejections_queue_url=nowhere))
    recorded.client.put_object(Bucket=BUCKET, Key=KEY, Body=b"no image")
    with pytest.raises(RecordsFailed, match=r"send_message to http://.*/nowhere failed"):
        invoke(sample("s3-post", b"no image"))


class LargeFunction:
    """Stands in for Lambda: keeps what it is invoked with."""

    def __init__(self) -> None:
        self.invoked: list[dict[str, Any]] = []

    def invoke(self, **request: Any) -> dict[str, Any]:
        self.invoked.append(request)
        return {"StatusCode": 202}


@pytest.mark.parametrize("name", ["s3-put-versioned", "direct-widths"])
def test_what_needs_more_memory_is_handed_over_once(
    recorded: RecordingS3, rejections: Any, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """An image that needs more memory goes to the large function, asynchronously, and is rejected there if at all."""

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
    passed_on = json.loads(request["Payload"])
    [source] = events.sources(passed_on)
    [original] = events.sources(event) if name.startswith("s3") else [SourceObject(BUCKET, KEY, widths=(320, 160))]
    assert source == replace(original, handed_over=True)
    [result] = invoke(passed_on)["results"]
    assert (result["outcome"], result["reason"], len(large.invoked)) == ("rejected", "needs_memory", 1)
    assert [each["reason"] for each in rejections()] == ["needs_memory"]
