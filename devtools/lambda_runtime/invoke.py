"""One event through the built artifact in the real runtime, against an embedded S3 that has what the event names."""

from __future__ import annotations

import json
import re
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from devtools.lambda_runtime.artifact import BUILT, built_function
from devtools.lambda_runtime.emulator import Emulator, emulator
from devtools.lambda_runtime.objects import NamedObject, named_objects
from devtools.lambda_runtime.tools import installed_tools
from resizer.errors import UsageError
from resizer.local.embedded import CREDENTIALS, REGION, embedded_aws
from resizer.local.samples import samples
from resizer.s3 import clients

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path

    from devtools.lambda_runtime.model import Result

SAMPLE: Final = "landscape.jpg"
# Also where an event is text in another, and for a multipart upload, whose ETag ends in the number of its parts.
ETAG: Final = re.compile(r"""(\\*"e[Tt]ag\\*":\s*\\*")[0-9a-f]{32}(?:-[0-9]+)?""")


@dataclass(frozen=True, slots=True)
class Invoked:
    """What came of an invocation, and the keys in the buckets that it named, with their sizes in bytes."""

    result: Result
    stored: dict[str, int]


@dataclass(frozen=True, slots=True)
class LocalFunction:
    """A built function that runs beside an embedded S3."""

    s3: Any
    emulator: Emulator

    def run(self, event: object, photo: bytes | None = None) -> Invoked:
        """Bring S3 into the state that the event tells of, then run the function on the event.

        `photo`, or a drawn picture, lies under each key that was stored. What was deleted was resized before, so
        that its renditions are there. The event's ETags become those of what was uploaded, for others would tell of
        an older upload.
        """
        named = sorted(set(named_objects(event)))
        body = photo or samples()[SAMPLE]
        for each in named:
            etag = self.s3.put_object(Bucket=each.bucket, Key=each.key, Body=body)["ETag"].strip('"')
            event = json.loads(ETAG.sub(rf"\g<1>{etag}", json.dumps(event)))
            if each.deleted:
                self._resize_and_delete(each)
        result = self.emulator.invoke(event)
        listed = [self.s3.list_objects_v2(Bucket=bucket) for bucket in sorted({each.bucket for each in named})]
        return Invoked(result, {found["Key"]: found["Size"] for page in listed for found in page.get("Contents", ())})

    def _resize_and_delete(self, source: NamedObject) -> None:
        self.emulator.invoke({"data": {"bucket": source.bucket, "key": source.key}})
        self.s3.delete_object(Bucket=source.bucket, Key=source.key)


@contextmanager
def local_function(buckets: Collection[str], name: str = "ResizeFunction") -> Iterator[LocalFunction]:
    """The built function beside an S3 with these buckets while the block runs; it serves the first of them.

    Raises `UsageError` where nothing was built or the runtime is not set up here.
    """
    tools = installed_tools()
    with embedded_aws() as endpoint:
        s3 = clients.client("s3")
        for bucket in buckets:
            s3.create_bucket(Bucket=bucket)
        environment = {**CREDENTIALS, "AWS_REGION": REGION, "AWS_DEFAULT_REGION": REGION, "AWS_ENDPOINT_URL": endpoint}
        parameters = {"BucketName": next(iter(buckets))} if buckets else {}
        with emulator(built_function(BUILT, name, parameters, environment), tools) as running:
            yield LocalFunction(s3, running)


def invoke(event: object, photo: bytes | None = None, name: str = "ResizeFunction") -> Invoked:
    """Run a function once on an event, as `LocalFunction.run` says. Raises `UsageError` as `local_function` does."""
    buckets = sorted({each.bucket for each in named_objects(event)})
    with local_function(buckets, name) as function:
        return function.run(event, photo)


def read_event(file: Path) -> object:
    """An event from a file. Raises `UsageError` where there is none."""
    try:
        event: object = json.loads(file.read_text(encoding="utf-8"))
    except OSError as problem:
        raise UsageError(f"{file}: {problem.strerror}.") from problem
    except ValueError as problem:
        raise UsageError(f"{file} is not valid JSON: {problem}.") from problem
    return event
