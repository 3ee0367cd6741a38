"""Ours beside theirs in a bucket's notifications: `resizer.cli.notifications`."""

from __future__ import annotations

from typing import Any

import pytest

from resizer.cli.notifications import Entry, Target, connected, disconnected
from resizer.errors import UsageError

FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:resize:live"
QUEUE = "arn:aws:sqs:us-east-1:123456789012:uploads"
THUMBS = "arn:aws:lambda:us-east-1:123456789012:function:thumbs"
TOPIC = "arn:aws:sns:us-east-1:123456789012:news"


def item(arn_field: str, arn: str, *events: str, **filters: str) -> dict[str, Any]:
    """One notification as S3 answers it, which writes the filters' names with a capital."""
    rules = [{"Name": name.capitalize(), "Value": value} for name, value in filters.items()]
    return {"Id": arn[-4:], arn_field: arn, "Events": list(events), "Filter": {"Key": {"FilterRules": rules}}}


def thumbs(*events: str, **filters: str) -> dict[str, Any]:
    return {"LambdaFunctionConfigurations": [item("LambdaFunctionArn", THUMBS, *events, **filters)]}


THEIRS = {
    **thumbs("s3:ObjectCreated:*", prefix="docs/"),
    "TopicConfigurations": [item("TopicArn", TOPIC, "s3:ObjectRestore:*")],
}


def test_ours_is_added_and_theirs_stay() -> None:
    """What was there is there afterwards, item by item, and ours has its events, its prefix and a name."""
    after = connected(THEIRS, Target(FUNCTION, "uploads/")).after
    theirs, ours = after["LambdaFunctionConfigurations"]
    assert [theirs] == THEIRS["LambdaFunctionConfigurations"]
    assert after["TopicConfigurations"] == THEIRS["TopicConfigurations"]
    assert ours == {
        "Id": "resizer-function-resize-live",
        "LambdaFunctionArn": FUNCTION,
        "Events": ["s3:ObjectCreated:*", "s3:ObjectRemoved:*", "s3:LifecycleExpiration:*"],
        "Filter": {"Key": {"FilterRules": [{"Name": "prefix", "Value": "uploads/"}]}},
    }


@pytest.mark.parametrize("target", [Target(FUNCTION, "uploads/"), Target(QUEUE, "uploads/"), Target(None)])
def test_what_was_connected_is_disconnected(target: Target) -> None:
    """Adding ours and taking it out gives what was there before, for each kind of trigger; twice is as once."""
    there = connected(THEIRS, target).after
    assert there != THEIRS
    assert connected(there, target).is_empty
    gone = disconnected(there, target)
    assert gone.after == THEIRS
    assert disconnected(gone.after, target).is_empty


def test_ours_of_another_prefix_is_replaced() -> None:
    """A changed source prefix moves our notification, and the difference shows both."""
    before = connected(THEIRS, Target(FUNCTION, "in/")).after
    change = connected(before, Target(FUNCTION, "uploads/", deletions=False))
    assert [line[0] for line in change.lines] == [" ", " ", "-", "+"]
    assert change.lines[-1] == f"+ s3:ObjectCreated:* of uploads/* to {FUNCTION}"


def test_completed_restores_are_asked_for_where_nobody_else_gets_them() -> None:
    """An image that comes back from an archive is resized, but no notification of theirs is in the way of ours."""
    alone = connected({}, Target(FUNCTION, "uploads/")).after["LambdaFunctionConfigurations"]
    assert alone[0]["Events"][:2] == ["s3:ObjectCreated:*", "s3:ObjectRestore:Completed"]
    _, ours = connected(THEIRS, Target(FUNCTION, "uploads/")).after["LambdaFunctionConfigurations"]
    assert "s3:ObjectRestore:Completed" not in ours["Events"]


@pytest.mark.parametrize(
    "theirs",
    [
        thumbs("s3:ObjectCreated:*"),
        thumbs("s3:ObjectCreated:Put", prefix="uploads/"),
        thumbs("s3:ObjectRemoved:Delete", prefix="uploads/2026/"),
        thumbs("s3:ObjectCreated:*", suffix=".jpg"),
        {"TopicConfigurations": [item("TopicArn", TOPIC, "s3:ObjectCreated:*", prefix="up")]},
    ],
)
def test_what_overlaps_is_named_and_never_replaced(theirs: dict[str, Any]) -> None:
    """S3 would refuse it: so it is refused here, with the destination that is in the way."""
    with pytest.raises(UsageError, match=f"{THUMBS}|{TOPIC}"):
        connected(theirs, Target(FUNCTION, "uploads/"))
    assert connected(theirs, Target(None)).lines[-1] == "+ all events to EventBridge"  # which sends to both


@pytest.mark.parametrize(
    "theirs",
    [
        thumbs("s3:ObjectCreated:*", prefix="docs/"),
        thumbs("s3:ObjectRestore:*", "s3:ObjectTagging:*"),
        thumbs("s3:ObjectRemoved:*", prefix="uploads-old/"),
    ],
)
def test_what_does_not_overlap_stays(theirs: dict[str, Any]) -> None:
    """Other keys or other events are no hindrance."""
    assert len(connected(theirs, Target(FUNCTION, "uploads/")).after["LambdaFunctionConfigurations"]) == 2


def test_suffixes_keep_apart() -> None:
    """`.jpg` and `.png` share no key; `.jpg` and `2.jpg` do."""
    jpg, png, two = (Entry("a", frozenset(["s3:ObjectCreated:*"]), suffix=each) for each in (".jpg", ".png", "2.jpg"))
    assert (jpg.overlaps(png), jpg.overlaps(two)) == (False, True)


@pytest.mark.parametrize("prefix", ["", "r", "resized/", "resized/in/"])
def test_a_notification_that_would_recurse_is_refused(prefix: str) -> None:
    """Where renditions match the prefix it is refused, unless they go to another bucket."""
    with pytest.raises(UsageError, match="invoke the function again"):
        connected({}, Target(FUNCTION, prefix))
    assert not connected({}, Target(FUNCTION, prefix, output_prefix=None)).is_empty
    assert not connected({}, Target(None)).is_empty


def test_prefixes_are_encoded_as_s3_wants_them() -> None:
    """A space becomes `+`, other special characters are percent-encoded."""
    entry = Target(FUNCTION, "my photos/é/").entry()
    assert entry["Filter"]["Key"]["FilterRules"][0]["Value"] == "my+photos/%C3%A9/"


def test_other_arns_are_refused() -> None:
    """A name, or a topic's ARN, is no target."""
    for arn in ("resize", TOPIC):
        with pytest.raises(UsageError, match="is not the ARN of a Lambda function or of an SQS queue"):
            connected({}, Target(arn, "uploads/"))


def test_what_an_earlier_stack_left_can_be_taken_out() -> None:
    """The template makes one notification for each kind of event; all of them go by the old function's ARN."""
    old = "arn:aws:lambda:us-east-1:123456789012:function:old:live"
    events = ("s3:ObjectCreated:*", "s3:ObjectRemoved:*", "s3:LifecycleExpiration:*")
    left = {"LambdaFunctionConfigurations": [item("LambdaFunctionArn", old, each, prefix="in/") for each in events]}
    with pytest.raises(UsageError, match=f"to {old}.*--to ARN --remove"):
        connected(left, Target(FUNCTION, "in/"))
    assert disconnected(left, Target(old)).after == {}
