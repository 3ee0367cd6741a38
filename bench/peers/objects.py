"""The S3 requests of the Python contenders, with boto3."""

from functools import cache
from typing import Any

import boto3
from botocore.config import Config

from bench.peers.serve import Task


@cache
def client() -> Any:
    """The S3 client."""
    checksums = Config(request_checksum_calculation="when_required", response_checksum_validation="when_required")
    return boto3.client("s3", config=checksums)


def fetch(task: Task) -> bytes:
    """Download the original."""
    body: bytes = client().get_object(Bucket=task.bucket, Key=task.key)["Body"].read()
    return body


def store(task: Task, width: int, body: bytes) -> int:
    """Upload one rendition; returns its size in bytes."""
    content_type = f"image/{task.format.lower()}"
    client().put_object(Bucket=task.bucket, Key=task.output(width), Body=body, ContentType=content_type)
    return len(body)
