"""Batch Operations and direct invocations get the answers that are theirs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from resizer.errors import UnknownEvent
from tests.conftest import BUCKET
from tests.events.senders.calls import PHOTO, invoke, refuse, standing
from tests.support.samples import KEY, sample
from tests.support.sources import sources

if TYPE_CHECKING:
    from tests.support.recording import RecordingS3


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
    assert "widths='wide' must be 1 to 20 widths" in invoke(event)["results"][0]["resultString"]
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
        assert "must be 1 to 20 widths" in story
    assert recorded.calls == []


def test_a_later_major_version_is_not_guessed_at() -> None:
    """An S3 event whose major version is another one is refused, for its fields may mean anything."""
    event = sample("s3-put")
    event["Records"][0]["eventVersion"] = "3.0"
    with pytest.raises(UnknownEvent, match=r"eventVersion is 3\.0"):
        sources(event)
