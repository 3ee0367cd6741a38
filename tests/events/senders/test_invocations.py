"""Batch Operations and direct invocations get answers in their own formats."""

from typing import Any

import pytest

from resizer.errors import UnknownEvent
from tests.conftest import BUCKET
from tests.events.senders.calls import PHOTO, invoke, refuse, renditions
from tests.support.recording import RecordingS3
from tests.support.samples import KEY, sample
from tests.support.sources import sources


@pytest.mark.parametrize(("name", "widths"), [("batch-1.0", (480, 640, 1000)), ("batch-2.0", (160, 320))])
def test_batch_operations_get_a_result_for_the_task(recorded: RecordingS3, name: str, widths: tuple[int, ...]) -> None:
    """A task of either schema succeeds, and its `resultString` lists the keys; `userArguments` set the widths."""
    event, keys = sample(name), [f"resized/{width}-{KEY}" for width in widths]
    answer = invoke(event)
    assert answer == {
        "invocationSchemaVersion": event["invocationSchemaVersion"],
        "treatMissingKeysAs": "PermanentFailure",
        "invocationId": event["invocationId"],
        "results": [
            {"taskId": event["tasks"][0]["taskId"], "resultCode": "Succeeded",
             "resultString": "resized: " + ", ".join(keys)},
        ],
    }  # fmt: skip
    assert renditions(recorded) == set(keys)


@pytest.mark.parametrize(
    ("change", "code", "text"),
    [
        ({"s3Key": "note.txt"}, "PermanentFailure", "not_an_image: "),
        ({"s3Key": "nowhere.jpg"}, "PermanentFailure", "source_gone: "),
        ({"s3Key": "resized/480-x.jpg"}, "Succeeded", "output_prefix"),
        ({"s3Key": None}, "PermanentFailure", "A record cannot be read: "),
        ({"s3VersionId": "an-older-one"}, "Succeeded", "superseded: "),
    ],
)
def test_a_failed_task_says_why(recorded: RecordingS3, change: dict[str, Any], code: str, text: str) -> None:
    """A task has the result code that AWS acts on and a reason that people can read."""
    recorded.client.put_object(Bucket=BUCKET, Key="note.txt", Body=b"text")
    event = sample("batch-1.0")
    event["tasks"][0] |= change
    [result] = invoke(event)["results"]
    assert (result["resultCode"], result["resultString"][: len(text)]) == (code, text)


def test_a_task_is_retried_only_if_a_retry_can_help(recorded: RecordingS3) -> None:
    """An error from S3 is a `TemporaryFailure`; wrong widths are named."""
    event = sample("batch-2.0")
    event["job"]["userArguments"]["widths"] = "wide"
    assert "widths='wide' must be 1 to 20 widths" in invoke(event)["results"][0]["resultString"]
    recorded.faults["get_object"] = lambda _: refuse("SlowDown")
    assert invoke(sample("batch-1.0"))["results"][0]["resultCode"] == "TemporaryFailure"


def test_a_direct_invocation_returns_the_renditions(recorded: RecordingS3) -> None:
    """The answer lists the renditions in the requested widths, also if they already existed."""
    for event, outcome, widths in (
        (sample("direct"), "resized", [480, 640, 1000]),
        (sample("direct"), "skipped", [480, 640, 1000]),
        (sample("direct-widths"), "resized", [160, 320]),
    ):
        [result] = invoke(event)["results"]
        assert (result["outcome"], [each["key"] for each in result["renditions"]]) == (
            outcome, [f"resized/{width}-{KEY}" for width in widths],
        )  # fmt: skip


def test_a_direct_invocation_returns_errors_with_their_type(recorded: RecordingS3) -> None:
    """Rejections, failures and invalid requests are errors in the answer."""
    recorded.client.put_object(Bucket=BUCKET, Key="note.txt", Body=b"text")
    [result] = invoke({"data": {"bucket": BUCKET, "key": "note.txt"}})["results"]
    assert (result["outcome"], result["error"]["type"]) == ("rejected", "not_an_image")
    recorded.faults["get_object"] = lambda _: refuse("SlowDown")
    [result] = invoke(sample("direct"))["results"]
    assert (result["outcome"], result["error"]["type"]) == ("failed", "storage")
    assert "SlowDown" in result["error"]["message"]
    invalid: list[Any] = [{}, {"bucket": BUCKET}, [], {"bucket": BUCKET, "key": "x", "widths": [0]}]
    invalid.append({"bucket": BUCKET, "key": "\ud800"})  # half a surrogate pair, which no key can hold
    for data in invalid:
        answer = invoke({"data": data})
        assert (answer["results"], answer["error"]["type"]) == ([], "invalid_event")


def test_an_event_can_ask_for_at_most_twenty_widths(recorded: RecordingS3) -> None:
    """From any sender, more than twenty widths are an error that says so."""
    widths = list(range(1, 22))
    direct = invoke({"data": {"bucket": BUCKET, "key": KEY, "widths": widths}})["error"]
    assert direct["type"] == "invalid_event"
    batch = sample("batch-2.0")
    batch["job"]["userArguments"]["widths"] = ",".join(map(str, widths))
    [task] = invoke(batch)["results"]
    forwarded = sample("s3-post", PHOTO)
    forwarded["Records"][0]["resizer"] = {"handedOver": True, "widths": widths}
    with pytest.raises(UnknownEvent) as refused:
        invoke(forwarded)
    for message in (direct["message"], task["resultString"], str(refused.value)):
        assert "must be 1 to 20 widths" in message
    assert recorded.calls == []


def test_an_unknown_major_version_is_refused() -> None:
    """An S3 event of another major version is refused, because its fields may mean something else."""
    event = sample("s3-put")
    event["Records"][0]["eventVersion"] = "3.0"
    with pytest.raises(UnknownEvent, match=r"eventVersion is 3\.0"):
        sources(event)
