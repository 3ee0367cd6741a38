"""Resizer: calls the Lambda handler with an S3 event. It also runs from the built function."""

import uuid
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from PIL.Image import Image

from bench.peers.serve import Task
from bench.s3_event import object_created
from resizer.color.srgb import source_colors, to_srgb
from resizer.decode.frames import decode
from resizer.decode.header import limits_for, open_image
from resizer.handler import lambda_handler, settings
from resizer.layout.views import at_views
from resizer.planning.geometry import wanted_size
from resizer.planning.outputs import plan


def context() -> Any:
    """The parts of Lambda's context that the handler uses."""
    return SimpleNamespace(
        function_name="bench",
        function_version="$LATEST",
        memory_limit_in_mb=512,
        invoked_function_arn="arn:aws:lambda:us-east-1:123456789012:function:bench",
        aws_request_id=str(uuid.uuid4()),
        get_remaining_time_in_millis=lambda: 60_000,
    )


def resize(task: Task) -> int:
    """Resize one object; returns the bytes of the renditions."""
    event = object_created(task.bucket, task.key, size=task.size, etag=task.etag)
    answer = lambda_handler(event, context())
    result = answer["results"][0]
    assert result["outcome"] == "resized", result
    return sum(rendition["bytes"] for rendition in result["renditions"])


def pixels(photo: Path) -> list[Image]:
    """The pixels of each rendition before they are encoded, widest first."""
    with photo.open("rb") as stream:
        plan_for = partial(plan, photo.name, settings=settings)
        opened, header = open_image(stream, limits_for(settings, photo.stat().st_size, plan_for))
        views = [each.placement.view for each in plan_for(header)]
        in_srgb = partial(to_srgb, colors=source_colors(opened.info, header, print), warn=print)
        frames = decode(opened, header, wanted_size(header, views))
        return [one[0].pixels for one in at_views(frames, header, views, in_srgb)]
