"""`resizer.cli.notifications` adds our notification to a bucket's and keeps everybody else's."""

from typing import Any

import pytest

from resizer.cli.notifications import Entry, Target, connected, disconnected
from resizer.errors import UsageError

FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:resize:live"
QUEUE = "arn:aws:sqs:us-east-1:123456789012:uploads"
THUMBS = "arn:aws:lambda:us-east-1:123456789012:function:thumbs"
TOPIC = "arn:aws:sns:us-east-1:123456789012:news"


def item(arn_field: str, arn: str, *events: str, **filters: str) -> dict[str, Any]:
    """One notification as S3 returns it, with capitalised filter names."""
    rules = [{"Name": name.capitalize(), "Value": value} for name, value in filters.items()]
    return {"Id": arn[-4:], arn_field: arn, "Events": list(events), "Filter": {"Key": {"FilterRules": rules}}}


def thumbs(*events: str, **filters: str) -> dict[str, Any]:
    return {"LambdaFunctionConfigurations": [item("LambdaFunctionArn", THUMBS, *events, **filters)]}


THEIRS = {
    **thumbs("s3:ObjectCreated:*", prefix="docs/"),
    "TopicConfigurations": [item("TopicArn", TOPIC, "s3:ObjectRestore:*")],
}


def test_ours_is_added_and_theirs_are_kept() -> None:
    """Existing notifications stay as they are; ours has its events, its prefix and an id."""
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
def test_disconnecting_undoes_connecting(target: Target) -> None:
    """Connecting and disconnecting restores what was there, for each trigger; a second time changes nothing."""
    with_ours = connected(THEIRS, target).after
    assert with_ours != THEIRS
    assert connected(with_ours, target).is_empty
    without = disconnected(with_ours, target)
    assert without.after == THEIRS
    assert disconnected(without.after, target).is_empty


def test_our_notification_for_another_prefix_is_replaced() -> None:
    """A changed source prefix replaces our notification, and the diff shows both."""
    before = connected(THEIRS, Target(FUNCTION, "in/")).after
    change = connected(before, Target(FUNCTION, "uploads/", deletions=False))
    assert [line[0] for line in change.lines] == [" ", " ", "-", "+"]
    assert change.lines[-1] == f"+ s3:ObjectCreated:* of uploads/* to {FUNCTION}"


def test_completed_restores_are_included_unless_another_notification_has_them() -> None:
    """Images restored from an archive are resized, unless another notification gets restore events."""
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
def test_an_overlapping_notification_is_named_and_never_replaced(theirs: dict[str, Any]) -> None:
    """S3 refuses overlapping notifications, so we do, and name the other destination."""
    with pytest.raises(UsageError, match=f"{THUMBS}|{TOPIC}"):
        connected(theirs, Target(FUNCTION, "uploads/"))
    assert connected(theirs, Target(None)).lines[-1] == "+ all events to EventBridge"  # may overlap


@pytest.mark.parametrize(
    "theirs",
    [
        thumbs("s3:ObjectCreated:*", prefix="docs/"),
        thumbs("s3:ObjectRestore:*", "s3:ObjectTagging:*"),
        thumbs("s3:ObjectRemoved:*", prefix="uploads-old/"),
    ],
)
def test_notifications_that_do_not_overlap_are_kept(theirs: dict[str, Any]) -> None:
    """Notifications for other keys or other events do not conflict with ours."""
    assert len(connected(theirs, Target(FUNCTION, "uploads/")).after["LambdaFunctionConfigurations"]) == 2


def test_suffixes_can_prevent_an_overlap() -> None:
    """`.jpg` and `.png` do not overlap; `.jpg` and `2.jpg` do."""
    jpg, png, two = (Entry("a", frozenset(["s3:ObjectCreated:*"]), suffix=each) for each in (".jpg", ".png", "2.jpg"))
    assert (jpg.overlaps(png), jpg.overlaps(two)) == (False, True)


@pytest.mark.parametrize("prefix", ["", "r", "resized/", "resized/in/"])
def test_a_notification_that_would_recurse_is_refused(prefix: str) -> None:
    """A prefix that matches renditions is refused, unless they are written to another bucket."""
    with pytest.raises(UsageError, match="invoke the function again"):
        connected({}, Target(FUNCTION, prefix))
    assert not connected({}, Target(FUNCTION, prefix, output_prefix=None)).is_empty
    assert not connected({}, Target(None)).is_empty


def test_prefixes_are_url_encoded() -> None:
    """A space becomes `+`, other special characters are percent-encoded."""
    entry = Target(FUNCTION, "my photos/é/").entry()
    assert entry["Filter"]["Key"]["FilterRules"][0]["Value"] == "my+photos/%C3%A9/"


def test_a_target_must_be_a_function_or_a_queue() -> None:
    """A plain name or a topic's ARN is refused."""
    for arn in ("resize", TOPIC):
        with pytest.raises(UsageError, match="is not the ARN of a Lambda function or of an SQS queue"):
            connected({}, Target(arn, "uploads/"))


def test_leftovers_of_an_earlier_stack_can_be_removed() -> None:
    """`--to OLD_ARN --remove` removes all notifications to an old function."""
    old = "arn:aws:lambda:us-east-1:123456789012:function:old:live"
    events = ("s3:ObjectCreated:*", "s3:ObjectRemoved:*", "s3:LifecycleExpiration:*")
    leftovers = {
        "LambdaFunctionConfigurations": [item("LambdaFunctionArn", old, each, prefix="in/") for each in events]
    }
    with pytest.raises(UsageError, match=f"to {old}.*--to ARN --remove"):
        connected(leftovers, Target(FUNCTION, "in/"))
    assert disconnected(leftovers, Target(old)).after == {}
