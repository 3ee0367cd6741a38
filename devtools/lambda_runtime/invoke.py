"""Invokes the built artifact in the real runtime, with a local S3 that contains the event's images."""

import json
import re
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from devtools.lambda_runtime.artifact import BUILT, built_function
from devtools.lambda_runtime.emulator import Emulator, emulator
from devtools.lambda_runtime.model import Result
from devtools.lambda_runtime.objects import NamedObject, named_objects
from devtools.lambda_runtime.tools import installed_tools
from resizer.errors import UsageError
from resizer.local.embedded import CREDENTIALS, REGION, embedded_aws
from resizer.local.samples import samples
from resizer.s3 import clients

SAMPLE: Final = "landscape.jpg"
# It also matches events inside a JSON string, and the ETags of multipart uploads, which end in the number of parts.
ETAG: Final = re.compile(r"""(\\*"e[Tt]ag\\*":\s*\\*")[0-9a-f]{32}(?:-[0-9]+)?""")


@dataclass(frozen=True, slots=True)
class Invoked:
    """The result of an invocation, and the sizes in bytes of all objects in the event's buckets, by key."""

    result: Result
    stored: dict[str, int]


@dataclass(frozen=True, slots=True)
class LocalFunction:
    """A built function that uses a local S3."""

    s3: Any
    emulator: Emulator

    def run(self, event: object, photo: bytes | None = None) -> Invoked:
        """Upload or delete the objects that the event names, then invoke the function with the event.

        Each key gets `photo`, or else a drawn image. An object that the event deletes is uploaded and resized first, so
        that it has renditions. The ETags in the event are replaced with the real ones, because with others the function
        would skip the event as outdated.
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
    """Run the built function during the block, with a local S3 that has these buckets; it serves the first of them.

    Raises `UsageError` if nothing was built, or if the runtime is not installed here.
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
    """Start a function and call `LocalFunction.run` once. Raises `UsageError` like `local_function`."""
    buckets = sorted({each.bucket for each in named_objects(event)})
    with local_function(buckets, name) as function:
        return function.run(event, photo)


def read_event(file: Path) -> object:
    """Read an event from a file. Raises `UsageError` if it cannot be read or is not JSON."""
    try:
        event: object = json.loads(file.read_text(encoding="utf-8"))
    except OSError as problem:
        raise UsageError(f"{file}: {problem.strerror}.") from problem
    except ValueError as problem:
        raise UsageError(f"{file} is not valid JSON: {problem}.") from problem
    return event
