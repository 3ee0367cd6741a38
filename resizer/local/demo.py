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
from resizer.planning.outputs import manifest_key
from resizer.s3 import clients
from resizer.settings import Settings

TIMEOUT_SECONDS: Final = 120


@dataclass(slots=True)
class Watch:
    """Collects finished events; sets `ended` when all expected ones are there, or one has failed.

    If renditions are written to the bucket of the uploads, it also expects an event for each of them and for manifests.
    """

    expected: set[str]
    settings: Settings
    results: dict[str, dict[str, Any]] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    ended: threading.Event = field(default_factory=threading.Event)

    def note(self, invocation: Invocation) -> None:
        """Record a finished event."""
        for result in (invocation.answer or {}).get("results", ()):
            self.results[result["key"]] = result
            if self.settings.output_bucket is None:
                self.expected.update(written(result, self.settings))
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


@dataclass(frozen=True, slots=True)
class Demonstration:
    """The results, uploads first, and the keys of the renditions and manifests that were saved."""

    results: list[dict[str, Any]]
    keys: list[str]


def demonstrate(images: Mapping[str, bytes], save: Path, settings: Settings) -> Demonstration:
    """Upload images by name, wait, and save all renditions and manifests below `save`.

    It uploads the watermarks first: a watermark's key is also its path from the working directory. Images get the
    source prefix. Renditions in the same bucket send events, too; their results are `skipped`.
    """
    bucket = bucket_to_create(settings)
    settings = settings.for_bucket(bucket)
    uploads = {settings.source_prefix + name: body for name, body in images.items()}
    watch = Watch(set(uploads), settings)
    opened = local_service(bucket, finished=watch.note, ended=watch.ended, output_bucket=settings.output_bucket)
    with opened as service:
        s3 = clients.client("s3")
        for key, body in (_watermarks(settings) | uploads).items():
            s3.put_object(Bucket=bucket, Key=key, Body=body)
        watch.wait()
        results = sorted(watch.results.values(), key=lambda result: result["key"] not in uploads)
        keys = [key for result in results for key in written(result, settings)]
        for key in keys:
            _save(save / key, s3.get_object(Bucket=service.output_bucket, Key=key)["Body"].read())
    return Demonstration(results, keys)


def written(result: Mapping[str, Any], settings: Settings) -> list[str]:
    """The keys of a source's renditions, and of its manifest, if it has one."""
    keys = [rendition["key"] for rendition in result["renditions"]]
    manifest = manifest_key(result["key"], settings) if keys else None
    return [*keys, manifest] if manifest else keys


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
