"""What the stack may do, and that it may do nothing else."""

from __future__ import annotations

import json
import re
from fnmatch import fnmatchcase

import pytest

from tests.conftest import PROJECT
from tests.support.policies import allowed, listed
from tests.support.stack import (
    ACCOUNT,
    BUCKET_ARN,
    KEY,
    of_type,
    properties,
    stack,
    statements,
)

THEIR_KEY = "arn:aws:kms:us-east-1:210987654321:key/theirs"
OUR_BUS = f"arn:aws:events:us-east-1:{ACCOUNT}:event-bus/pictures"
THEIR_BUS = "arn:aws:events:eu-west-1:210987654321:event-bus/theirs"

MAY = [
    ("s3:GetObject", f"{BUCKET_ARN}/cat.jpg", True),
    ("s3:GetObject", f"{BUCKET_ARN}/resized/480-cat.jpg", True),  # HEAD, and If-Match on renditions
    ("s3:ListBucket", BUCKET_ARN, True),  # else S3 says 403 for what is gone
    ("s3:PutObject", f"{BUCKET_ARN}/resized/480-cat.jpg", True),
    ("s3:DeleteObject", f"{BUCKET_ARN}/resized/480-cat.jpg", True),
    ("s3:PutObject", f"{BUCKET_ARN}/cat.jpg", False),
    ("s3:DeleteObject", f"{BUCKET_ARN}/cat.jpg", False),
    ("s3:DeleteObjectVersion", f"{BUCKET_ARN}/cat.jpg", False),
    ("s3:PutObject", f"{BUCKET_ARN}/Resized/cat.jpg", False),
    ("s3:GetObject", "arn:aws:s3:::other/cat.jpg", False),
    ("s3:PutObject", "arn:aws:s3:::other/resized/cat.jpg", False),
    ("s3:DeleteBucket", BUCKET_ARN, False),
    ("s3:PutBucketPolicy", BUCKET_ARN, False),
    ("sqs:SendMessage", "arn:queue:failures", True),
    ("sqs:SendMessage", "arn:queue:rejections", True),
    ("sqs:ReceiveMessage", "arn:queue:failures", False),
    ("sqs:SendMessage", "arn:queue:other", False),
    ("logs:CreateLogGroup", "arn:logs:small:*", False),
    ("kms:Decrypt", KEY, False),
    ("iam:PassRole", "arn:aws:iam::123456789012:role/any", False),
]


@pytest.mark.parametrize("role", ["ResizeRole", "ResizeLargeRole"])
@pytest.mark.parametrize(("action", "resource", "expected"), MAY)
def test_what_a_function_may_do(role: str, action: str, resource: str, *, expected: bool) -> None:
    """Each function reads the bucket, writes below resized/ only, and sends to its two queues."""
    assert allowed(statements(role), action, resource) is expected


@pytest.mark.parametrize(
    ("role", "action", "resource", "expected"),
    [
        ("ResizeRole", "lambda:InvokeFunction", "arn:function:large:live", True),
        ("ResizeRole", "lambda:InvokeFunction", "arn:function:small:live", False),
        ("ResizeLargeRole", "lambda:InvokeFunction", "arn:function:large:live", False),
        ("ResizeRole", "logs:PutLogEvents", "arn:logs:small:log-stream:one", True),
        ("ResizeRole", "logs:PutLogEvents", "arn:logs:large:log-stream:one", False),
        ("ResizeLargeRole", "logs:PutLogEvents", "arn:logs:large:log-stream:one", True),
    ],
)
def test_what_only_one_function_may_do(role: str, action: str, resource: str, *, expected: bool) -> None:
    """The small function may invoke the large one, never the other way round; each has its own log."""
    assert allowed(statements(role), action, resource) is expected


@pytest.mark.parametrize("role", ["ResizeRole", "ResizeLargeRole"])
def test_writes_elsewhere_are_denied_whatever_else_allows_them(role: str) -> None:
    """Even beside a policy that allows all of S3, nothing outside resized/ can be written."""
    generous = [*statements(role), {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]
    assert not allowed(generous, "s3:PutObject", f"{BUCKET_ARN}/cat.jpg")
    assert not allowed(generous, "s3:DeleteObject", f"{BUCKET_ARN}/cat.jpg")
    assert allowed(generous, "s3:PutObject", f"{BUCKET_ARN}/resized/480-cat.jpg")


@pytest.mark.parametrize("role", ["ResizeRole", "ResizeLargeRole"])
@pytest.mark.parametrize("given", ["pictures", OUR_BUS, THEIR_BUS])
def test_a_function_tells_the_event_bus_that_is_given(role: str, given: str) -> None:
    """A name is a bus of this account and region, an ARN is what it says; without either nothing may be told."""
    bus = OUR_BUS if given == "pictures" else given
    assert allowed(statements(role, EventBus=given), "events:PutEvents", bus)
    for other in (OUR_BUS, THEIR_BUS, OUR_BUS.replace("pictures", "default")):
        assert other == bus or not allowed(statements(role, EventBus=given), "events:PutEvents", other)
    assert not allowed(statements(role), "events:PutEvents", bus)
    environment = properties("ResizeFunction", EventBus=given)["Environment"]["Variables"]
    assert environment["RESIZER_EVENT_BUS"] == given
    assert properties("ResizeFunction")["Environment"]["Variables"]["RESIZER_EVENT_BUS"] == ""


@pytest.mark.parametrize("role", ["ResizeRole", "ResizeLargeRole"])
def test_no_wildcards(role: str) -> None:
    """One policy a function, no `*` among its actions or as a resource, but for X-Ray, which has no resources."""
    for statement in statements(role, KmsKeyArn=KEY, EventBus="pictures"):
        assert not [action for action in listed(statement["Action"]) if "*" in action]
        if statement["Sid"] != "SendTraces":
            assert "*" not in listed(statement.get("Resource", statement.get("NotResource")))
    assert "SendTraces" not in {each["Sid"] for each in statements(role, Tracing="PassThrough")}
    assert "ManagedPolicyArns" not in properties(role)


def test_a_key_can_be_used_only_where_one_is_given() -> None:
    """With a key of one's own the functions may use that key, and no other."""
    assert allowed(statements("ResizeRole", KmsKeyArn=KEY), "kms:GenerateDataKey", KEY)
    assert not allowed(statements("ResizeRole", KmsKeyArn=KEY), "kms:Decrypt", KEY.replace("one", "two"))


@pytest.mark.parametrize("role", ["ResizeRole", "ResizeLargeRole"])
def test_the_buckets_key_is_apart_from_our_own(role: str) -> None:
    """An existing bucket's key, of any account, may be used for its objects; queues, topic and logs have ours."""
    theirs = statements(role, MakeBucket="no", BucketKmsKeyArn=THEIR_KEY)
    for action in ("kms:Decrypt", "kms:GenerateDataKey"):
        assert allowed(theirs, action, THEIR_KEY)
        assert not allowed(theirs, action, KEY)
        assert all(
            allowed(statements(role, KmsKeyArn=KEY, BucketKmsKeyArn=THEIR_KEY), action, key) for key in (KEY, THEIR_KEY)
        )
    assert not allowed(theirs, "kms:ScheduleKeyDeletion", THEIR_KEY)
    resources = {**stack(KmsKeyArn=KEY, BucketKmsKeyArn=THEIR_KEY, Trigger="sqs", SourcePrefix="in/").resources()}
    (encryption,) = resources.pop("Images")["Properties"]["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert encryption["ServerSideEncryptionByDefault"] == {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": THEIR_KEY}
    keyed = {name for name, each in resources.items() if {"KmsKeyId", "KmsMasterKeyId"} & each["Properties"].keys()}
    assert keyed == {"ResizeLogs", "ResizeLargeLogs", "FailureQueue", "RejectionsQueue", "UploadQueue", "Alarms"}
    assert {resources[each]["Properties"].get("KmsKeyId", KEY) for each in keyed} == {KEY}
    assert {resources[each]["Properties"].get("KmsMasterKeyId", KEY) for each in keyed} == {KEY}


def test_the_documented_key_policy_is_complete() -> None:
    """The documents' key policy lets the logs use the key, and every service that may send to a queue or topic."""
    page = (PROJECT / "docs" / "operating.md").read_text(encoding="utf-8")
    ours, theirs = (json.loads(block) for block in re.findall(r"```json\n(.*?)```", page, re.DOTALL))
    senders = set()
    for trigger in ("eventbridge", "s3", "sqs"):
        for kind in ("AWS::SQS::QueuePolicy", "AWS::SNS::TopicPolicy"):
            for each in of_type(kind, Trigger=trigger, SourcePrefix="in/", KmsKeyArn=KEY).values():
                allowing = [one for one in each["PolicyDocument"]["Statement"] if one["Effect"] == "Allow"]
                senders |= {one["Principal"]["Service"] for one in allowing}
    assert senders == {"events.amazonaws.com", "cloudwatch.amazonaws.com", "s3.amazonaws.com"}
    for sender in (*senders, "logs.us-east-1.amazonaws.com"):
        may = [one for one in ours["Statement"] if sender in listed(one["Principal"].get("Service", []))]
        assert allowed(may, "kms:Decrypt", KEY)
        assert allowed(may, "kms:GenerateDataKey", KEY)
    log_groups = ours["Statement"][1]["Condition"]["ArnLike"]["kms:EncryptionContext:aws:logs:arn"]
    for group in of_type("AWS::Logs::LogGroup").values():
        assert fnmatchcase(f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:{group['LogGroupName']}", log_groups)
    (use,) = (one for one in statements("ResizeRole", BucketKmsKeyArn=KEY) if one["Sid"] == "UseBucketKey")
    assert theirs["Action"] == use["Action"]


def test_only_with_the_queue_trigger_may_the_function_take_messages() -> None:
    """The function reads the uploads' queue and no other; the large one reads none."""
    by_queue = {"Trigger": "sqs", "SourcePrefix": "in/"}
    for action in ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"):
        assert allowed(statements("ResizeRole", **by_queue), action, "arn:queue:uploads")
        assert not allowed(statements("ResizeRole", **by_queue), action, "arn:queue:failures")
        assert not allowed(statements("ResizeLargeRole", **by_queue), action, "arn:queue:uploads")
    assert "ReceiveUploads" not in {each["Sid"] for each in statements("ResizeRole")}
