"""Uploads and deletions reach the function, and renditions only where somebody asked for that by name."""

from __future__ import annotations

import re
from itertools import product
from typing import Any

import pytest

from tests.support.stack import (
    ACCOUNT,
    BUCKET_ARN,
    of_type,
    properties,
    stack,
    transformed,
)

TRIGGERS = ["s3", "sqs", "eventbridge"]


def test_the_invoke_permissions_name_bucket_rule_and_account() -> None:
    """S3 may invoke for this bucket of this account only, EventBridge for this rule only, others not at all."""
    (bucket,) = of_type("AWS::Lambda::Permission", Trigger="s3", SourcePrefix="in/").values()
    assert bucket["SourceAccount"] == ACCOUNT
    assert bucket["SourceArn"] == BUCKET_ARN
    assert bucket["FunctionName"] == "arn:function:small:live"
    (rule,) = of_type("AWS::Lambda::Permission").values()
    assert (rule["Principal"], rule["SourceArn"]) == ("events.amazonaws.com", "arn:rule:uploads")
    assert properties("InvokeByAccount", InvokerAccount="210987654321")["Principal"] == "210987654321"


@pytest.mark.parametrize(
    ("trigger", "prefix", "asked", "make"),
    list(product(TRIGGERS, ["", "in/"], ["no", "yes"], ["yes", "no"])),
)
def test_recursion_needs_to_be_asked_for_by_name(trigger: str, prefix: str, asked: str, make: str) -> None:
    """S3's own notification, direct or by the queue, needs a source prefix or the parameter that says yes."""
    told = stack(Trigger=trigger, SourcePrefix=prefix, AllowOwnOutputToInvoke=asked, MakeBucket=make)
    loops = trigger != "eventbridge" and not prefix and asked == "no"
    assert bool(told.broken_rules()) is loops
    if loops:
        assert "SourcePrefix" in told.broken_rules()[0]


@pytest.mark.parametrize(("trigger", "prefix"), list(product(TRIGGERS, ["", "in/"])))
def test_renditions_reach_the_function_only_where_that_was_asked_for(trigger: str, prefix: str) -> None:
    """By the trigger's own filter, uploads come in and renditions do not, but for the combination asked for by name."""
    told = stack(Trigger=trigger, SourcePrefix=prefix, AllowOwnOutputToInvoke="yes").resources()
    assert invokes(told, f"{prefix}cat.jpg")
    assert invokes(told, f"resized/480-{prefix}cat.jpg") is (trigger != "eventbridge" and not prefix)


@pytest.mark.parametrize("prefix", ["resized/", "resized/in/", "r", "res", "photos", "/x"])
def test_source_prefixes_that_could_match_renditions_are_refused(prefix: str) -> None:
    """A source prefix is empty or ends in a slash, and is never below resized/, nor the start of it."""
    pattern = transformed()["Parameters"]["SourcePrefix"]["AllowedPattern"]
    assert not re.fullmatch(pattern, prefix)
    assert re.fullmatch(pattern, "uploads/")
    assert re.fullmatch(pattern, "")


def invokes(resources: dict[str, Any], key: str) -> bool:
    """Whether storing this key would invoke the function, by the bucket's notification or the rule's pattern."""
    notification = resources["Images"]["Properties"]["NotificationConfiguration"]
    for configured in notification.get("LambdaConfigurations", notification.get("QueueConfigurations", ())):
        if configured["Event"] == "s3:ObjectCreated:*":
            rules = configured.get("Filter", {}).get("S3Key", {}).get("Rules", ())
            return all(key.startswith(rule["Value"]) for rule in rules)
    if "UploadRule" in resources and notification.get("EventBridgeConfiguration"):
        (pattern,) = resources["UploadRule"]["Properties"]["EventPattern"]["detail"]["object"]["key"]
        unwanted = pattern.get("anything-but", {}).get("prefix")
        return not key.startswith(unwanted) if unwanted else key.startswith(pattern["prefix"])
    return False


def test_deletions_come_only_where_renditions_follow_their_source() -> None:
    """With OnDelete=keep no deletion invokes the function."""
    kept = properties("UploadRule", OnDelete="keep")["EventPattern"]["detail-type"]
    created = ["Object Created", "Object Restore Completed"]
    assert kept == created
    assert properties("UploadRule")["EventPattern"]["detail-type"] == [*created, "Object Deleted"]
    for trigger, kind in (("s3", "LambdaConfigurations"), ("sqs", "QueueConfigurations")):
        wanted = {"Trigger": trigger, "SourcePrefix": "in/"}
        notified = properties("Images", **wanted, OnDelete="keep")["NotificationConfiguration"]
        assert [each["Event"] for each in notified[kind]] == ["s3:ObjectCreated:*", "s3:ObjectRestore:Completed"]
        notified = properties("Images", **wanted)["NotificationConfiguration"]
        assert notified.keys() == {kind}
        assert [each["Event"] for each in notified[kind]] == [
            "s3:ObjectCreated:*",
            "s3:ObjectRestore:Completed",
            "s3:ObjectRemoved:*",
            "s3:LifecycleExpiration:*",
        ]
        prefix = {"S3Key": {"Rules": [{"Name": "prefix", "Value": "in/"}]}}
        assert [each["Filter"] for each in notified[kind]] == [prefix] * 4


def test_the_queue_holds_bursts_back() -> None:
    """The bucket sends to an encrypted queue; Lambda takes so many at once, and what fails five times is set aside."""
    resources = stack(Trigger="sqs", SourcePrefix="in/", MaximumConcurrency="7", TimeoutSeconds="30").resources()
    taking = resources["TakeFromQueue"]["Properties"]
    assert (taking["EventSourceArn"], taking["FunctionName"]) == ("arn:queue:uploads", "arn:function:small:live")
    assert taking["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert taking["ScalingConfig"] == {"MaximumConcurrency": "7"}
    queue = resources["UploadQueue"]["Properties"]
    assert queue["VisibilityTimeout"] == "300"
    assert queue["RedrivePolicy"] == {"deadLetterTargetArn": "arn:queue:failures", "maxReceiveCount": 5}
    assert queue["SqsManagedSseEnabled"] is True
    tls, sending = resources["UploadQueuePolicy"]["Properties"]["PolicyDocument"]["Statement"]
    assert (tls["Effect"], tls["Condition"]) == ("Deny", {"Bool": {"aws:SecureTransport": "false"}})
    assert (sending["Principal"], sending["Action"]) == ({"Service": "s3.amazonaws.com"}, "sqs:SendMessage")
    assert sending["Condition"] == {
        "ArnEquals": {"aws:SourceArn": BUCKET_ARN},
        "StringEquals": {"aws:SourceAccount": ACCOUNT},
    }
    assert resources["Images"]["Properties"]["Tags"][0]["Value"] == {"Ref": "UploadQueuePolicy"}  # made before
    assert not {"InvokeByBucket", "InvokeByRule", "UploadRule"} & resources.keys()
    for trigger in ("s3", "eventbridge"):
        others = stack(Trigger=trigger, SourcePrefix="in/").resources()
        assert not {"UploadQueue", "UploadQueuePolicy", "TakeFromQueue", "OldestUploadAlarm"} & others.keys()
