"""Ours: the Lambda handler, whole, with an S3 event. It runs from the built artifact, too."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import quote_plus

from resizer.color.srgb import source_colors, to_srgb
from resizer.decode.frames import decode
from resizer.decode.header import open_image
from resizer.handler import lambda_handler, settings
from resizer.layout.views import at_views
from resizer.pipeline import limits_for
from resizer.planning.geometry import wanted_size
from resizer.planning.outputs import plan

if TYPE_CHECKING:
    from pathlib import Path

    from PIL.Image import Image

    from bench.peers.serve import Task


@dataclass(frozen=True, slots=True)
class Context:
    """The parts of Lambda's context that the handler uses."""

    function_name: str = "bench"
    function_version: str = "$LATEST"
    memory_limit_in_mb: int = 512
    invoked_function_arn: str = "arn:aws:lambda:us-east-1:123456789012:function:bench"
    aws_request_id: str = field(default_factory=lambda: str(uuid.uuid4()))

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until the time-out: always a minute."""
        return 60_000


def resize(task: Task) -> int:
    """Resize one object; the renditions' bytes."""
    stored = {"key": quote_plus(task.key), "size": task.size, "eTag": task.etag, "sequencer": "0055AED6DCD90281E5"}
    record = {"eventSource": "aws:s3", "eventName": "ObjectCreated:Put"}
    event = {"Records": [{**record, "s3": {"bucket": {"name": task.bucket}, "object": stored}}]}
    answer = lambda_handler(event, Context())  # type: ignore[arg-type] # as much of a context as it reads
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
