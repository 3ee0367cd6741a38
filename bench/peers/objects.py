"""The S3 that the Python contenders share: boto3's client, objects whole."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

if TYPE_CHECKING:
    from bench.peers.serve import Task


@cache
def client() -> Any:
    """One client, made at first use."""
    checksums = Config(request_checksum_calculation="when_required", response_checksum_validation="when_required")
    return boto3.client("s3", config=checksums)


def fetch(task: Task) -> bytes:
    """The original."""
    body: bytes = client().get_object(Bucket=task.bucket, Key=task.key)["Body"].read()
    return body


def store(task: Task, width: int, body: bytes) -> int:
    """Store one rendition; its size in bytes."""
    content_type = f"image/{task.format.lower()}"
    client().put_object(Bucket=task.bucket, Key=task.output(width), Body=body, ContentType=content_type)
    return len(body)
