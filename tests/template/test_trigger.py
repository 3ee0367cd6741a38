"""Uploads and deletions reach the function, and renditions only where somebody asked for that by name."""

from __future__ import annotations

import re
from itertools import product
from typing import Any

import pytest

from tests.template.stack import (
    ACCOUNT,
    BUCKET_ARN,
    of_type,
    properties,
    stack,
    transformed,
)


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
    list(product(["s3", "eventbridge"], ["", "in/"], ["no", "yes"], ["yes", "no"])),
)
def test_recursion_needs_to_be_asked_for_by_name(trigger: str, prefix: str, asked: str, make: str) -> None:
    """An S3 notification without a source prefix is refused unless its parameter says yes; all else is fine."""
    told = stack(Trigger=trigger, SourcePrefix=prefix, AllowOwnOutputToInvoke=asked, MakeBucket=make)
    loops = trigger == "s3" and not prefix and asked == "no"
    assert bool(told.broken_rules()) is loops
    if loops:
        assert "SourcePrefix" in told.broken_rules()[0]


@pytest.mark.parametrize(("trigger", "prefix"), list(product(["s3", "eventbridge"], ["", "in/"])))
def test_renditions_reach_the_function_only_where_that_was_asked_for(trigger: str, prefix: str) -> None:
    """By the trigger's own filter, uploads come in and renditions do not, but for the combination asked for by name."""
    told = stack(Trigger=trigger, SourcePrefix=prefix, AllowOwnOutputToInvoke="yes").resources()
    assert invokes(told, f"{prefix}cat.jpg")
    assert invokes(told, f"resized/480-{prefix}cat.jpg") is (trigger == "s3" and not prefix)


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
    for configured in notification.get("LambdaConfigurations", ()):
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
    assert kept == ["Object Created"]
    assert properties("UploadRule")["EventPattern"]["detail-type"] == ["Object Created", "Object Deleted"]
    notified = properties("Images", Trigger="s3", SourcePrefix="in/", OnDelete="keep")["NotificationConfiguration"]
    assert [each["Event"] for each in notified["LambdaConfigurations"]] == ["s3:ObjectCreated:*"]
    notified = properties("Images", Trigger="s3", SourcePrefix="in/")["NotificationConfiguration"]
    assert [each["Event"] for each in notified["LambdaConfigurations"]] == [
        "s3:ObjectCreated:*",
        "s3:ObjectRemoved:*",
        "s3:LifecycleExpiration:*",
    ]
    assert {str(each["Filter"]) for each in notified["LambdaConfigurations"]} == {
        str({"S3Key": {"Rules": [{"Name": "prefix", "Value": "in/"}]}})
    }
