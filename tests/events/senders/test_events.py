"""Every sender's events, as AWS sends them, through the whole handler to the answer that each expects."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from resizer.errors import UnknownEvent
from resizer.model import Change, SourceObject
from tests.conftest import BUCKET
from tests.events.senders.calls import OUTPUTS, PHOTO, etag, invoke, refuse, standing
from tests.support.samples import KEY, names, sample
from tests.support.sources import sources

if TYPE_CHECKING:
    from tests.support.recording import RecordingS3

CREATED = [
    *("s3-put-versioned", "s3-post", "s3-copy", "s3-restored", *names("s3-version")),
    *("sns", "eventbridge-created", "eventbridge-restored"),
]
REMOVED = ["s3-removed", "s3-removed-marker", "s3-expired", "eventbridge-deleted", "eventbridge-deleted-marker"]
QUEUED = ["sqs-s3", "sqs-sns", "sqs-sns-raw", "sqs-eventbridge"]


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
    with pytest.raises(UnknownEvent, match=r"expected an S3 notification|cannot be read"):
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


@pytest.mark.parametrize(
    "poison", ["no json", "[]", '{"Records": [{"eventSource": "aws:s3"}]}', '"text"', "[" * 100_000, None, {}]
)
def test_a_poison_message_comes_back_alone(recorded: RecordingS3, poison: object) -> None:
    """A message that cannot be read is reported by its id, and the rest of its batch is done."""
    event = sample("sqs-s3-several", PHOTO)
    event["Records"][0]["body"] = poison
    failed = [{"itemIdentifier": event["Records"][0]["messageId"]}]
    assert invoke(event) == {"batchItemFailures": failed}
    assert standing(recorded) == OUTPUTS


def test_no_message_of_a_fifo_queue_overtakes_one_that_fails(recorded: RecordingS3) -> None:
    """All that follow a failed one come back with it, in their order; those before it do not."""
    event = sample("sqs-s3-several", PHOTO)
    first, failing, *_ = event["Records"]
    event["Records"] = [first, {**failing, "body": "no json"}, {**first, "messageId": "last"}]
    for record in event["Records"]:
        record["eventSourceARN"] = "arn:aws:sqs:eu-central-1:111122223333:uploads.fifo"
    failed = [{"itemIdentifier": failing["messageId"]}, {"itemIdentifier": "last"}]
    assert invoke(event) == {"batchItemFailures": failed}


@pytest.mark.parametrize("queue", ["uploads", "uploads.fifo"])
def test_all_failing_is_a_list_and_no_error(recorded: RecordingS3, queue: str) -> None:
    """Where every message fails, all of them are listed, so that only the queue's own policy counts its tries."""
    recorded.faults["get_object"] = lambda _: refuse("SlowDown")
    event = sample("sqs-s3", PHOTO)
    event["Records"][0]["eventSourceARN"] = f"arn:aws:sqs:eu-central-1:111122223333:{queue}"
    assert invoke(event) == {"batchItemFailures": [{"itemIdentifier": event["Records"][0]["messageId"]}]}


def test_an_event_that_lambda_gave_up_can_be_sent_again(recorded: RecordingS3) -> None:
    """What lies in the failure queue, wrapped by Lambda, is resized when that queue is connected to the function."""
    event = sample("sqs-s3")
    event["Records"][0]["body"] = json.dumps({"requestContext": {}, "requestPayload": sample("s3-post", PHOTO)})
    assert invoke(event) == {"batchItemFailures": []}
    assert standing(recorded) == OUTPUTS


def test_what_the_samples_tell_is_read_in_full() -> None:
    """ETag, size, sequencer and version arrive."""
    assert sources(sample("s3-put-versioned", PHOTO)) == [
        SourceObject(
            BUCKET, KEY, Change.CREATED, etag(PHOTO), len(PHOTO), "0062E99A88DC407460",
            "096fKKXTRTtl3on89fVO.nfljtsv6qko",
        ),
    ]  # fmt: skip
    [created] = sources(sample("eventbridge-created", PHOTO))
    assert created.version_id is None
