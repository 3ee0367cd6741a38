"""A function of 128 MB, in a control group of that size, resizes what fits, refuses the rest, and is never killed."""

import os
from dataclasses import replace
from typing import Any

import pytest

from devtools.cgroup import Limits, control_group
from devtools.lambda_runtime.artifact import built_function
from devtools.lambda_runtime.emulator import emulator
from devtools.lambda_runtime.model import Tools
from resizer.errors import UsageError
from tests.conftest import BUCKET, PHOTOS, needs_built_artifact, notification, photo_files
from tests.support.pictures import photo_like, saved

pytestmark = needs_built_artifact

SMALL = 128  # MB


def pictures() -> dict[str, bytes]:
    """Two large pictures: the first fits, the second does not. They are real photos if there are any, else drawn."""
    if photo_files():
        names = ("bird-20mp-422.jpg", "sea-17mp-progressive-444.jpg")
        fits, takes_more = ((PHOTOS / name).read_bytes() for name in names)
    else:
        drawn = photo_like(5200, 3900)
        fits, takes_more = saved(drawn), saved(drawn, progressive=True, subsampling="4:4:4")
    return {"fits.jpg": fits, "takes-more.jpg": takes_more}


def test_a_small_function_resizes_what_fits_and_refuses_the_rest(s3: Any, tools: Tools) -> None:
    """A baseline JPEG of 20 megapixels is resized, and a progressive one is refused, twice, without a kill."""
    names = ("AWS_ENDPOINT_URL", "AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
    function = replace(built_function(environment={name: os.environ[name] for name in names}), memory_mb=SMALL)
    for key, body in pictures().items():
        s3.put_object(Bucket=BUCKET, Key=key, Body=body)
    try:
        with control_group(Limits(memory_bytes=SMALL << 20)) as group, emulator(function, tools, group) as running:
            answers = [running.invoke(notification(key)).answer for key in [*pictures()] * 2]
            kills = group.usage().oom_kills
    except UsageError as reason:
        pytest.skip(str(reason))
    outcomes = [(result["outcome"], result["reason"]) for answer in answers for result in answer["results"]]
    refused = ("rejected", "needs_memory")
    assert outcomes == [("resized", None), refused, ("skipped", "already_done"), refused]
    assert kills == 0
