"""What the stack may do, and that it may do nothing else."""

from __future__ import annotations

import pytest

from tests.support.policies import allowed, listed
from tests.template.stack import (
    BUCKET_ARN,
    KEY,
    properties,
    statements,
)

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
def test_no_wildcards(role: str) -> None:
    """One policy a function, no `*` among its actions or as a resource, but for X-Ray, which has no resources."""
    for statement in statements(role, KmsKeyArn=KEY):
        assert not [action for action in listed(statement["Action"]) if "*" in action]
        if statement["Sid"] != "SendTraces":
            assert "*" not in listed(statement.get("Resource", statement.get("NotResource")))
    assert "SendTraces" not in {each["Sid"] for each in statements(role, Tracing="PassThrough")}
    assert "ManagedPolicyArns" not in properties(role)


def test_a_key_can_be_used_only_where_one_is_given() -> None:
    """With a key of one's own the functions may use that key, and no other."""
    assert allowed(statements("ResizeRole", KmsKeyArn=KEY), "kms:GenerateDataKey", KEY)
    assert not allowed(statements("ResizeRole", KmsKeyArn=KEY), "kms:Decrypt", KEY.replace("one", "two"))
