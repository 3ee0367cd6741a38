"""The handler's S3, with one photo in the bucket."""

from typing import Any

import pytest

from resizer.s3 import clients
from tests.conftest import BUCKET
from tests.events.senders.calls import PHOTO
from tests.support.recording import RecordingS3
from tests.support.samples import KEY


@pytest.fixture
def recorded(s3: Any, monkeypatch: pytest.MonkeyPatch) -> RecordingS3:
    """The handler's S3, which records its requests; the photo is stored under the key of the sample events."""
    s3.put_object(Bucket=BUCKET, Key=KEY, Body=PHOTO)
    recording = RecordingS3(s3)
    monkeypatch.setattr(clients, "s3", lambda: recording)
    return recording
