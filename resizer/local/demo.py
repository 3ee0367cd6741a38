"""Demonstrates the whole service: uploads images, waits for the renditions, downloads them."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from resizer.cli.settings import bucket_to_create
from resizer.errors import UsageError
from resizer.local.service import local_service
from resizer.local.trigger import Invocation
from resizer.s3 import clients
from resizer.settings import Settings

TIMEOUT_SECONDS: Final = 120


@dataclass(slots=True)
class Watch:
    """Collects finished events; sets `ended` when all expected ones are there, or one has failed.

    With `renditions_too` it also expects an event for each rendition, as if they are in the bucket of the uploads.
    """

    expected: set[str]
    renditions_too: bool = True
    results: dict[str, dict[str, Any]] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    ended: threading.Event = field(default_factory=threading.Event)

    def note(self, invocation: Invocation) -> None:
        """Record a finished event."""
        for result in (invocation.answer or {}).get("results", ()):
            self.results[result["key"]] = result
            if self.renditions_too:
                self.expected.update(rendition["key"] for rendition in result["renditions"])
        if invocation.problem:
            self.problems.append(str(invocation.problem))
        if self.problems or self.expected <= self.results.keys():
            self.ended.set()

    def wait(self) -> None:
        """Wait for all events. Raises `UsageError` if one failed, or after `TIMEOUT_SECONDS`."""
        self.ended.wait(TIMEOUT_SECONDS)
        if self.problems:
            raise UsageError("; ".join(self.problems))
        if not self.expected <= self.results.keys():
            raise UsageError(f"No renditions after {TIMEOUT_SECONDS} seconds.")


def demonstrate(images: Mapping[str, bytes], save: Path, settings: Settings) -> list[dict[str, Any]]:
    """Upload images by name, wait, and save all renditions below `save`. Returns the results of the uploads, in order.

    It uploads the watermarks first: a watermark's key is also its path from the working directory. Images get the
    source prefix. Renditions in the same bucket send events, too; their results follow, and are `skipped`.
    """
    bucket = bucket_to_create(settings)
    uploads = {settings.source_prefix + name: body for name, body in images.items()}
    watch = Watch(set(uploads), renditions_too=settings.output_bucket is None)
    opened = local_service(bucket, finished=watch.note, ended=watch.ended, output_bucket=settings.output_bucket)
    with opened as service:
        s3 = clients.client("s3")
        for key, body in (_watermarks(settings) | uploads).items():
            s3.put_object(Bucket=bucket, Key=key, Body=body)
        watch.wait()
        results = [watch.results[key] for key in uploads]
        renditions = [rendition["key"] for result in results for rendition in result["renditions"]]
        for key in renditions:
            _save(save / key, s3.get_object(Bucket=service.output_bucket, Key=key)["Body"].read())
    return results + [watch.results[key] for key in renditions if key in watch.results]


def _watermarks(settings: Settings) -> dict[str, bytes]:
    """Read the watermarks that are files here, by their keys."""
    keys = [watermark.key for watermark in settings.watermarks.values()]
    return {key: Path(key).read_bytes() for key in keys if Path(key).is_file()}


def _save(path: Path, body: bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)
    except OSError as problem:
        raise UsageError(f"{path} cannot be written: {problem.strerror}.") from problem
