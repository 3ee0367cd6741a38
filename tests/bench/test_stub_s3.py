"""The benchmark's S3 behaves like S3, as far as the handler uses it: `bench.stub_s3`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.exceptions import ClientError

from bench.stub_s3 import Network, stub_s3

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BODY = bytes(range(256)) * 2000


@pytest.fixture
def stub(tmp_path: Path) -> Iterator[Any]:
    """A client for a stub that serves one file."""
    (tmp_path / "cat.jpg").write_bytes(BODY)
    with stub_s3(tmp_path, Network(0, 100)) as endpoint:
        yield boto3.client(
            "s3",
            endpoint_url=endpoint,
            region_name="us-east-1",
            aws_access_key_id="x",
            aws_secret_access_key="x",  # noqa: S106 # the stub does not check it
        )


def test_a_file_is_an_object_under_any_prefix(stub: Any) -> None:
    """Every round of a benchmark can use a new key."""
    assert stub.get_object(Bucket="photos", Key="17/cat.jpg")["Body"].read() == BODY


def test_a_range_is_a_part(stub: Any) -> None:
    """boto3 downloads large objects in parts."""
    answer = stub.get_object(Bucket="photos", Key="cat.jpg", Range="bytes=10-19")
    assert (answer["Body"].read(), answer["ContentRange"]) == (BODY[10:20], f"bytes 10-19/{len(BODY)}")


def test_conditions_hold(stub: Any) -> None:
    """`If-None-Match: *` fails for an existing object, and `If-Match` accepts only its current ETag."""
    stub.put_object(Bucket="photos", Key="resized/480-cat.jpg", Body=b"one", IfNoneMatch="*", Metadata={"width": "480"})
    with pytest.raises(ClientError, match="PreconditionFailed"):
        stub.put_object(Bucket="photos", Key="resized/480-cat.jpg", Body=b"two", IfNoneMatch="*")
    existing = stub.head_object(Bucket="photos", Key="resized/480-cat.jpg")
    assert existing["Metadata"] == {"width": "480"}
    stub.put_object(Bucket="photos", Key="resized/480-cat.jpg", Body=b"two", IfMatch=existing["ETag"])
    with pytest.raises(ClientError, match="PreconditionFailed"):
        stub.get_object(Bucket="photos", Key="resized/480-cat.jpg", IfMatch=existing["ETag"])


def test_a_missing_object_is_missing(stub: Any) -> None:
    """A key that was never written is a 404, not an empty object."""
    with pytest.raises(ClientError, match="NoSuchKey"):
        stub.get_object(Bucket="photos", Key="resized/480-dog.jpg")
