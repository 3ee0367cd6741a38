"""Uploads and deletions invoke the function; renditions do so only if a parameter allows it."""

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


def test_only_our_bucket_and_rule_may_invoke() -> None:
    """S3 may invoke only for this bucket of this account, EventBridge only for this rule, and others not at all."""
    (bucket,) = of_type("AWS::Lambda::Permission", Trigger="s3", SourcePrefix="in/").values()
    assert bucket["SourceAccount"] == ACCOUNT
    assert bucket["SourceArn"] == BUCKET_ARN
    assert bucket["FunctionName"] == "arn:function:small:live"
    (rule,) = of_type("AWS::Lambda::Permission").values()
    assert (rule["Principal"], rule["SourceArn"]) == ("events.amazonaws.com", "arn:rule:uploads")
    assert properties("InvokeByAccount", InvokerAccount="210987654321")["Principal"] == "210987654321"


def test_recursion_is_refused_unless_allowed() -> None:
    """Trigger=s3 and sqs need a source prefix or AllowOwnOutputToInvoke=yes."""
    for trigger, prefix, allow, make in list(product(TRIGGERS, ["", "in/"], ["no", "yes"], ["yes", "no"])):
        template = stack(Trigger=trigger, SourcePrefix=prefix, AllowOwnOutputToInvoke=allow, MakeBucket=make)
        loops = trigger != "eventbridge" and not prefix and allow == "no"
        assert bool(template.broken_rules()) is loops
        if loops:
            assert "SourcePrefix" in template.broken_rules()[0]


@pytest.mark.parametrize(("trigger", "prefix"), list(product(TRIGGERS, ["", "in/"])))
def test_renditions_invoke_the_function_only_if_allowed(trigger: str, prefix: str) -> None:
    """The trigger's filter passes uploads but no renditions, except with AllowOwnOutputToInvoke=yes and no prefix."""
    resources = stack(Trigger=trigger, SourcePrefix=prefix, AllowOwnOutputToInvoke="yes").resources()
    assert invokes(resources, f"{prefix}cat.jpg")
    assert invokes(resources, f"resized/480-{prefix}cat.jpg") is (trigger != "eventbridge" and not prefix)


@pytest.mark.parametrize("prefix", ["resized/", "resized/in/", "r", "res", "photos", "/x"])
def test_source_prefixes_that_could_match_renditions_are_refused(prefix: str) -> None:
    """A source prefix is empty or ends with a slash, and does not overlap with resized/."""
    pattern = transformed()["Parameters"]["SourcePrefix"]["AllowedPattern"]
    assert not re.fullmatch(pattern, prefix)
    assert re.fullmatch(pattern, "uploads/")
    assert re.fullmatch(pattern, "")


def invokes(resources: dict[str, Any], key: str) -> bool:
    """Whether an upload to this key invokes the function, by the bucket's notification or the rule's pattern."""
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


def test_deletions_invoke_only_with_on_delete_remove() -> None:
    """Deletions invoke the function, but not with OnDelete=keep."""
    kept = properties("UploadRule", OnDelete="keep")["EventPattern"]["detail-type"]
    created = ["Object Created", "Object Restore Completed"]
    assert kept == created
    assert properties("UploadRule")["EventPattern"]["detail-type"] == [*created, "Object Deleted"]
    for trigger, kind in (("s3", "LambdaConfigurations"), ("sqs", "QueueConfigurations")):
        parameters = {"Trigger": trigger, "SourcePrefix": "in/"}
        notified = properties("Images", **parameters, OnDelete="keep")["NotificationConfiguration"]
        assert [each["Event"] for each in notified[kind]] == ["s3:ObjectCreated:*", "s3:ObjectRestore:Completed"]
        notified = properties("Images", **parameters)["NotificationConfiguration"]
        assert notified.keys() == {kind}
        assert [each["Event"] for each in notified[kind]] == [
            "s3:ObjectCreated:*",
            "s3:ObjectRestore:Completed",
            "s3:ObjectRemoved:*",
            "s3:LifecycleExpiration:*",
        ]
        prefix = {"S3Key": {"Rules": [{"Name": "prefix", "Value": "in/"}]}}
        assert [each["Filter"] for each in notified[kind]] == [prefix] * 4


def test_the_upload_queue_limits_concurrency() -> None:
    """Uploads go to an encrypted queue with MaximumConcurrency, and to the failure queue after five attempts."""
    resources = stack(Trigger="sqs", SourcePrefix="in/", MaximumConcurrency="7", TimeoutSeconds="30").resources()
    mapping = resources["TakeFromQueue"]["Properties"]
    assert (mapping["EventSourceArn"], mapping["FunctionName"]) == ("arn:queue:uploads", "arn:function:small:live")
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert mapping["ScalingConfig"] == {"MaximumConcurrency": "7"}
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
    tag = resources["Images"]["Properties"]["Tags"][0]
    assert tag["Value"] == {"Ref": "UploadQueuePolicy"}  # so the policy is created first
    assert not {"InvokeByBucket", "InvokeByRule", "UploadRule"} & resources.keys()
    for trigger in ("s3", "eventbridge"):
        others = stack(Trigger=trigger, SourcePrefix="in/").resources()
        assert not {"UploadQueue", "UploadQueuePolicy", "TakeFromQueue", "OldestUploadAlarm"} & others.keys()
