"""What every test may lean on: the real photos, an AWS of one's own, and the handler wired to it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

os.environ["POWERTOOLS_METRICS_DISABLED"] = "true"  # before the handler is imported anywhere

import pytest

from resizer import clients
from resizer.local.embedded import embedded_aws

if TYPE_CHECKING:
    from collections.abc import Iterator

PHOTOS = Path(__file__).parents[2] / "shared" / "photos"
BUCKET = "photos"


def photo_files() -> list[Path]:
    """The real photos beside this project, none where that folder is not there."""
    return sorted(path for path in PHOTOS.glob("*") if path.suffix in {".jpg", ".png", ".webp"})


@pytest.fixture(scope="session")
def _aws() -> Iterator[str]:
    with embedded_aws() as endpoint:
        yield endpoint


@pytest.fixture
def s3(_aws: str) -> Iterator[Any]:
    """An S3 client with an empty bucket `photos`, over HTTP on loopback."""
    client = clients.client("s3")
    client.create_bucket(Bucket=BUCKET)
    yield client
    for entry in client.list_objects_v2(Bucket=BUCKET).get("Contents", ()):
        client.delete_object(Bucket=BUCKET, Key=entry["Key"])
    client.delete_bucket(Bucket=BUCKET)
