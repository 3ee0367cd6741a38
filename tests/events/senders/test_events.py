"""Every sender's events are processed, and each sender gets the answer that it expects."""

import json
from typing import Any

import pytest

from resizer.errors import UnknownEvent
from resizer.model import Change, SourceObject
from tests.conftest import BUCKET
from tests.events.senders.calls import OUTPUTS, PHOTO, etag, invoke, refuse, renditions
from tests.support.recording import RecordingS3
from tests.support.samples import KEY, names, sample
from tests.support.sources import sources

CREATED = [
    *("s3-put-versioned", "s3-post", "s3-copy", "s3-restored", *names("s3-version")),
    *("sns", "eventbridge-created", "eventbridge-restored"),
]
REMOVED = ["s3-removed", "s3-removed-marker", "s3-expired", "eventbridge-deleted", "eventbridge-deleted-marker"]
QUEUED = ["sqs-s3", "sqs-sns", "sqs-sns-raw", "sqs-eventbridge"]


@pytest.mark.parametrize("name", CREATED)
def test_a_created_object_is_resized_by_every_senders_event(recorded: RecordingS3, name: str) -> None:
    """Each sender's event for a key with `+`, a space, `%25`, é and 日本 gives three renditions."""
    [result] = invoke(sample(name, PHOTO))["results"]
    assert (result["key"], result["outcome"]) == (KEY, "resized")
    assert renditions(recorded) == OUTPUTS


@pytest.mark.parametrize("name", REMOVED)
def test_renditions_are_deleted_by_every_senders_event(recorded: RecordingS3, name: str) -> None:
    """Each sender's deletion event deletes all three renditions, because the object is gone."""
    invoke(sample("s3-post", PHOTO))
    recorded.client.delete_object(Bucket=BUCKET, Key=KEY)
    [result] = invoke(sample(name))["results"]
    assert (result["key"], result["outcome"], renditions(recorded)) == (KEY, "removed", set())


def test_several_records_get_a_result_each(recorded: RecordingS3) -> None:
    """Every record of an event gets a result, in order; renditions are skipped."""
    recorded.client.put_object(Bucket=BUCKET, Key="cat.jpg", Body=PHOTO)
    for name in ("s3-several", "sns-several"):
        results = invoke(sample(name, PHOTO))["results"]
        assert [result["key"] for result in results] == [KEY, "cat.jpg", "resized/480-cat.jpg"][: len(results)]
    assert len(renditions(recorded)) == 6


@pytest.mark.parametrize(
    ("name", "broken"),
    [
        ("s3-several", {"eventVersion": "3.0"}),
        ("s3-several", {"s3": {}}),
        ("sns-several", {"Sns": {"Message": "no json"}}),
        ("sns-several", {"EventSource": "aws:ses"}),
    ],
)
def test_an_unreadable_record_does_not_stop_the_others(
    recorded: RecordingS3, name: str, broken: dict[str, Any]
) -> None:
    """All other records are processed, and then the event fails, so that it comes back."""
    recorded.client.put_object(Bucket=BUCKET, Key="cat.jpg", Body=PHOTO)
    event = sample(name, PHOTO)
    event["Records"].insert(0, event["Records"][0] | broken)
    with pytest.raises(UnknownEvent, match=r"expected an S3 notification|cannot be read"):
        invoke(event)
    assert len(renditions(recorded)) == 6


def test_a_message_with_an_unreadable_record_comes_back(recorded: RecordingS3) -> None:
    """All other records of an SQS message are processed, and then the message comes back."""
    event, records = sample("sqs-s3"), sample("s3-several", PHOTO)
    records["Records"].insert(0, {"eventSource": "aws:s3", "eventVersion": "3.0"})
    event["Records"][0]["body"] = json.dumps(records)
    recorded.client.put_object(Bucket=BUCKET, Key="cat.jpg", Body=PHOTO)
    assert invoke(event) == {"batchItemFailures": [{"itemIdentifier": event["Records"][0]["messageId"]}]}
    assert len(renditions(recorded)) == 6


@pytest.mark.parametrize("name", ["s3-test", "warm", "eventbridge-schedule"])
def test_events_without_an_object_make_no_request(recorded: RecordingS3, name: str) -> None:
    """A test event, a warm-up and a schedule get an empty answer and cost no request."""
    assert invoke(sample(name)) == {"results": []}
    assert recorded.calls == []


@pytest.mark.parametrize("name", QUEUED)
def test_events_can_come_through_a_queue(recorded: RecordingS3, name: str) -> None:
    """Events from SQS, also by way of SNS or EventBridge, are processed, and no message comes back."""
    assert invoke(sample(name, PHOTO)) == {"batchItemFailures": []}
    assert renditions(recorded) == OUTPUTS


def test_a_deletion_can_come_through_a_queue(recorded: RecordingS3) -> None:
    """An EventBridge deletion event in a queue deletes the renditions."""
    invoke(sample("s3-post", PHOTO))
    recorded.client.delete_object(Bucket=BUCKET, Key=KEY)
    assert invoke(sample("sqs-eventbridge-deleted")) == {"batchItemFailures": []}
    assert renditions(recorded) == set()


@pytest.mark.parametrize(
    "poison", ["no json", "[]", '{"Records": [{"eventSource": "aws:s3"}]}', '"text"', "[" * 100_000, None, {}]
)
def test_a_poison_message_comes_back_alone(recorded: RecordingS3, poison: object) -> None:
    """An unreadable message is reported by its id, and the rest of its batch is processed."""
    event = sample("sqs-s3-several", PHOTO)
    event["Records"][0]["body"] = poison
    failed = [{"itemIdentifier": event["Records"][0]["messageId"]}]
    assert invoke(event) == {"batchItemFailures": failed}
    assert renditions(recorded) == OUTPUTS


def test_after_a_failure_in_a_fifo_queue_all_later_messages_come_back(recorded: RecordingS3) -> None:
    """In a FIFO queue the failed message and all after it come back in order; earlier ones do not."""
    event = sample("sqs-s3-several", PHOTO)
    first, failing, *_ = event["Records"]
    event["Records"] = [first, {**failing, "body": "no json"}, {**first, "messageId": "last"}]
    for record in event["Records"]:
        record["eventSourceARN"] = "arn:aws:sqs:eu-central-1:111122223333:uploads.fifo"
    failed = [{"itemIdentifier": failing["messageId"]}, {"itemIdentifier": "last"}]
    assert invoke(event) == {"batchItemFailures": failed}


@pytest.mark.parametrize("queue", ["uploads", "uploads.fifo"])
def test_a_batch_of_failures_is_an_answer_and_not_an_error(recorded: RecordingS3, queue: str) -> None:
    """If every message fails, all are listed, so that only the queue's redrive policy counts attempts."""
    recorded.faults["get_object"] = lambda _: refuse("SlowDown")
    event = sample("sqs-s3", PHOTO)
    event["Records"][0]["eventSourceARN"] = f"arn:aws:sqs:eu-central-1:111122223333:{queue}"
    assert invoke(event) == {"batchItemFailures": [{"itemIdentifier": event["Records"][0]["messageId"]}]}


def test_an_event_from_the_failure_queue_can_be_retried(recorded: RecordingS3) -> None:
    """An event that Lambda wrapped and sent to the failure queue is processed from there."""
    event = sample("sqs-s3")
    event["Records"][0]["body"] = json.dumps({"requestContext": {}, "requestPayload": sample("s3-post", PHOTO)})
    assert invoke(event) == {"batchItemFailures": []}
    assert renditions(recorded) == OUTPUTS


def test_all_fields_of_an_event_are_read() -> None:
    """The source has the event's ETag, size, sequencer and version."""
    assert sources(sample("s3-put-versioned", PHOTO)) == [
        SourceObject(
            BUCKET, KEY, Change.CREATED, etag(PHOTO), len(PHOTO), "0062E99A88DC407460",
            "096fKKXTRTtl3on89fVO.nfljtsv6qko",
        ),
    ]  # fmt: skip
    [created] = sources(sample("eventbridge-created", PHOTO))
    assert created.version_id is None
