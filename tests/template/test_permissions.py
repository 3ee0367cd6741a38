"""The functions have the permissions that they need, and no others."""

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

PERMISSIONS = [
    ("s3:GetObject", f"{BUCKET_ARN}/cat.jpg", True),
    ("s3:GetObject", f"{BUCKET_ARN}/resized/480-cat.jpg", True),  # HEAD, and If-Match on renditions
    ("s3:ListBucket", BUCKET_ARN, True),  # otherwise S3 answers 403 for a missing object
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
@pytest.mark.parametrize(("action", "resource", "expected"), PERMISSIONS)
def test_permissions_of_both_functions(role: str, action: str, resource: str, *, expected: bool) -> None:
    """Each function may read the bucket, write only below resized/, and send to two queues."""
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
def test_permissions_of_one_function(role: str, action: str, resource: str, *, expected: bool) -> None:
    """The small function may invoke the large one but not the reverse, and each writes only its own log."""
    assert allowed(statements(role), action, resource) is expected


@pytest.mark.parametrize("role", ["ResizeRole", "ResizeLargeRole"])
def test_writes_outside_the_output_prefix_are_denied(role: str) -> None:
    """Even with another policy that allows all of S3, nothing outside resized/ can be written."""
    generous = [*statements(role), {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]
    assert not allowed(generous, "s3:PutObject", f"{BUCKET_ARN}/cat.jpg")
    assert not allowed(generous, "s3:DeleteObject", f"{BUCKET_ARN}/cat.jpg")
    assert allowed(generous, "s3:PutObject", f"{BUCKET_ARN}/resized/480-cat.jpg")


@pytest.mark.parametrize("role", ["ResizeRole", "ResizeLargeRole"])
@pytest.mark.parametrize("given", ["pictures", OUR_BUS, THEIR_BUS])
def test_a_function_may_send_only_to_its_event_bus(role: str, given: str) -> None:
    """EventBus is a name in this account or an ARN; without it no events may be sent."""
    bus = OUR_BUS if given == "pictures" else given
    assert allowed(statements(role, EventBus=given), "events:PutEvents", bus)
    for other in (OUR_BUS, THEIR_BUS, OUR_BUS.replace("pictures", "default")):
        assert other == bus or not allowed(statements(role, EventBus=given), "events:PutEvents", other)
    assert not allowed(statements(role), "events:PutEvents", bus)
    environment = properties("ResizeFunction", EventBus=given)["Environment"]["Variables"]
    assert environment["RESIZER_EVENT_BUS"] == given
    assert properties("ResizeFunction")["Environment"]["Variables"]["RESIZER_EVENT_BUS"] == ""


@pytest.mark.parametrize("role", ["ResizeRole", "ResizeLargeRole"])
def test_policies_have_no_wildcards(role: str) -> None:
    """No action or resource is `*`, except for X-Ray, which has no resources; there are no managed policies."""
    for statement in statements(role, KmsKeyArn=KEY, EventBus="pictures"):
        assert not [action for action in listed(statement["Action"]) if "*" in action]
        if statement["Sid"] != "SendTraces":
            assert "*" not in listed(statement.get("Resource", statement.get("NotResource")))
    assert "SendTraces" not in {each["Sid"] for each in statements(role, Tracing="PassThrough")}
    assert "ManagedPolicyArns" not in properties(role)


def test_only_the_given_kms_key_can_be_used() -> None:
    """With KmsKeyArn the functions may use that key, and no other."""
    assert allowed(statements("ResizeRole", KmsKeyArn=KEY), "kms:GenerateDataKey", KEY)
    assert not allowed(statements("ResizeRole", KmsKeyArn=KEY), "kms:Decrypt", KEY.replace("one", "two"))


@pytest.mark.parametrize("role", ["ResizeRole", "ResizeLargeRole"])
def test_the_buckets_kms_key_can_differ_from_the_stacks(role: str) -> None:
    """A bucket's own KMS key, from any account, is used for its objects; queues, topic and logs use the stack's."""
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
    """The documented key policy lets CloudWatch Logs and every sender to a queue or topic use the key."""
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


def test_only_trigger_sqs_allows_receiving_messages() -> None:
    """With Trigger=sqs the small function may receive from the upload queue only; the large one from none."""
    by_queue = {"Trigger": "sqs", "SourcePrefix": "in/"}
    for action in ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"):
        assert allowed(statements("ResizeRole", **by_queue), action, "arn:queue:uploads")
        assert not allowed(statements("ResizeRole", **by_queue), action, "arn:queue:failures")
        assert not allowed(statements("ResizeLargeRole", **by_queue), action, "arn:queue:uploads")
    assert "ReceiveUploads" not in {each["Sid"] for each in statements("ResizeRole")}
