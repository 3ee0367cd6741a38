"""An S3 in which the source of `tests.store.writing` exists."""

from typing import Any

import pytest

from tests.conftest import BUCKET
from tests.store.writing import SOURCE, SOURCE_BODY


@pytest.fixture
def s3(s3: Any) -> Any:
    """The embedded S3, with the source of the renditions in it."""
    s3.put_object(Bucket=BUCKET, Key=SOURCE, Body=SOURCE_BODY)
    return s3
