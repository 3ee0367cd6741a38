"""`bench.stub_s3` behaves like S3 in everything that the handler uses."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from bench.stub_s3 import Network, stub_s3

BODY = bytes(range(256)) * 2000


@pytest.fixture
def stub(tmp_path: Path) -> Iterator[Any]:
    """An S3 client of a stub that serves one file."""
    (tmp_path / "cat.jpg").write_bytes(BODY)
    with stub_s3(tmp_path, Network(0, 100)) as endpoint:
        yield boto3.client(
            "s3",
            endpoint_url=endpoint,
            region_name="us-east-1",
            aws_access_key_id="x",
            aws_secret_access_key="x",  # noqa: S106 # anything will do
        )


def test_a_file_is_an_object_under_any_prefix(stub: Any) -> None:
    """A file is served under any prefix, so each round can have its own key."""
    assert stub.get_object(Bucket="photos", Key="17/cat.jpg")["Body"].read() == BODY


def test_a_range_returns_a_part(stub: Any) -> None:
    """`Range` returns those bytes, with a `Content-Range`."""
    answer = stub.get_object(Bucket="photos", Key="cat.jpg", Range="bytes=10-19")
    assert (answer["Body"].read(), answer["ContentRange"]) == (BODY[10:20], f"bytes 10-19/{len(BODY)}")


def test_conditions_hold(stub: Any) -> None:
    """A second PUT with If-None-Match fails, and If-Match accepts only the current ETag."""
    stub.put_object(Bucket="photos", Key="resized/480-cat.jpg", Body=b"one", IfNoneMatch="*", Metadata={"width": "480"})
    with pytest.raises(ClientError, match="PreconditionFailed"):
        stub.put_object(Bucket="photos", Key="resized/480-cat.jpg", Body=b"two", IfNoneMatch="*")
    written = stub.head_object(Bucket="photos", Key="resized/480-cat.jpg")
    assert written["Metadata"] == {"width": "480"}
    stub.put_object(Bucket="photos", Key="resized/480-cat.jpg", Body=b"two", IfMatch=written["ETag"])
    with pytest.raises(ClientError, match="PreconditionFailed"):
        stub.get_object(Bucket="photos", Key="resized/480-cat.jpg", IfMatch=written["ETag"])


def test_a_missing_object_is_a_404(stub: Any) -> None:
    """GET of a key that was never written raises NoSuchKey."""
    with pytest.raises(ClientError, match="NoSuchKey"):
        stub.get_object(Bucket="photos", Key="resized/480-dog.jpg")
