"""Every event in events/ gets the right answer from the built function in the real Lambda runtime."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from devtools.lambda_runtime.invoke import LocalFunction, local_function, read_event
from devtools.lambda_runtime.objects import named_objects
from tests.conftest import BUCKET, PROJECT, needs_built_artifact
from tests.support.pictures import photo_like, saved

pytestmark = needs_built_artifact


SMALL = saved(photo_like(64, 48))


@dataclass(frozen=True, slots=True)
class Expected:
    """The outcome of each object in an event, in order, and the widths that are written."""

    outcomes: tuple[str, ...] = ("resized",)
    widths: tuple[int, ...] = (480, 640, 1000)


RESIZED, REMOVED, NOTHING = Expected(), Expected(("removed",)), Expected(())
EVENTS = {
    "batch-1.0": RESIZED,
    "batch-2.0": Expected(widths=(160, 320)),
    "direct": RESIZED,
    "direct-widths": Expected(widths=(160, 320)),
    "eventbridge-created": RESIZED,
    "eventbridge-created-versioned": RESIZED,
    "eventbridge-deleted": REMOVED,
    "eventbridge-deleted-marker": REMOVED,
    "eventbridge-restored": RESIZED,
    "eventbridge-schedule": NOTHING,
    "s3-copy": RESIZED,
    "s3-expired": REMOVED,
    "s3-multipart": RESIZED,
    "s3-post": RESIZED,
    "s3-put": RESIZED,
    "s3-put-versioned": RESIZED,
    "s3-removed": REMOVED,
    "s3-removed-marker": REMOVED,
    "s3-restored": RESIZED,
    "s3-several": Expected(("resized", "resized", "skipped")),
    "s3-test": NOTHING,
    "s3-version-2.0": RESIZED,
    "s3-version-2.1": RESIZED,
    "s3-version-2.2": RESIZED,
    "s3-version-2.3": RESIZED,
    "s3-version-2.4": RESIZED,
    "s3-version-2.5": RESIZED,
    "s3-version-2.6": RESIZED,
    "sam-local-put": RESIZED,
    "sns": RESIZED,
    "sns-several": Expected(("resized", "resized")),
    "sqs-eventbridge": RESIZED,
    "sqs-eventbridge-deleted": REMOVED,
    "sqs-s3": RESIZED,
    "sqs-s3-several": Expected(("resized", "resized")),
    "sqs-sns": RESIZED,
    "sqs-sns-raw": RESIZED,
    "warm": NOTHING,
}


@pytest.fixture(scope="module")
def running() -> Iterator[LocalFunction]:
    """The built function, started once for all events."""
    with local_function([BUCKET]) as function:
        yield function


@pytest.fixture
def function(running: LocalFunction) -> Iterator[LocalFunction]:
    """The running function, with an empty bucket."""
    yield running
    for entry in running.s3.list_objects_v2(Bucket=BUCKET).get("Contents", ()):
        running.s3.delete_object(Bucket=BUCKET, Key=entry["Key"])


def test_every_event_is_in_the_table() -> None:
    """Every sample event has its expected outcome in the table."""
    assert {file.stem for file in (PROJECT / "events").iterdir()} == set(EVENTS)


@pytest.mark.parametrize("name", EVENTS)
def test_a_sample_event_gets_its_answer(function: LocalFunction, name: str) -> None:
    """Log and answer have the outcomes, the answer has its sender's form, and S3 has exactly the renditions."""
    expected, event = EVENTS[name], read_event(PROJECT / "events" / f"{name}.json")
    invoked = function.run(event, SMALL)
    assert not invoked.result.failed, invoked.result.error_message
    assert outcomes(invoked.result.log) == expected.outcomes
    assert_answer(name, invoked.result.answer, expected)
    uploaded = {each.key for each in named_objects(event) if not each.deleted}
    written = {
        f"resized/{width}-{key}" for key in uploaded if not key.startswith("resized/") for width in expected.widths
    }
    assert invoked.stored.keys() == uploaded | written


def outcomes(log: list[str]) -> tuple[str, ...]:
    """The outcome that the function logs for each object."""
    entries: list[dict[str, Any]] = [json.loads(line) for line in log if line.startswith("{")]
    return tuple(entry["outcome"] for entry in entries if "outcome" in entry)


def assert_answer(name: str, answer: dict[str, Any], expected: Expected) -> None:
    """SQS gets partial failures, Batch Operations a result for each task, others the results."""
    if name.startswith("sqs-"):
        assert answer == {"batchItemFailures": []}
    elif name.startswith("batch-"):
        assert [task["resultCode"] for task in answer["results"]] == ["Succeeded"] * len(expected.outcomes)
        assert answer["invocationId"]
    else:
        assert tuple(result["outcome"] for result in answer["results"]) == expected.outcomes
        widths = {len(result["renditions"]) for result in answer["results"] if result["outcome"] == "resized"}
        assert widths <= {len(expected.widths)}
