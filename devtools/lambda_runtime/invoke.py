"""One event through the built artifact in the real runtime, against an embedded S3 that has what the event names."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote_plus

from devtools.lambda_runtime.artifact import BUILT, built_function
from devtools.lambda_runtime.emulator import emulator
from devtools.lambda_runtime.tools import installed_tools
from resizer.errors import UsageError
from resizer.local.embedded import CREDENTIALS, REGION, embedded_aws
from resizer.local.samples import samples
from resizer.s3 import clients

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from devtools.lambda_runtime.model import Result

SAMPLE: Final = "landscape.jpg"
ETAG: Final = re.compile(r"""(\\*"e[Tt]ag\\*":\s*\\*")[0-9a-f]{32}""")  # also where an event is text in another


@dataclass(frozen=True, slots=True)
class Invoked:
    """What came of an invocation, and the keys in the buckets that it named, with their sizes in bytes."""

    result: Result
    stored: dict[str, int]


def invoke(event: object, photo: bytes | None = None, name: str = "ResizeFunction") -> Invoked:
    """Upload `photo`, or a drawn one, wherever the event names an object; then run the function on the event.

    The event's ETags become those of what was uploaded, for others would tell of an older upload.

    Raises `UsageError` where nothing was built or the runtime is not set up here.
    """
    named = sorted(set(named_objects(event)))
    body = photo or samples()[SAMPLE]
    tools = installed_tools()
    with embedded_aws() as endpoint:
        s3 = clients.client("s3")
        for bucket in sorted({bucket for bucket, _ in named}):
            s3.create_bucket(Bucket=bucket)
        for bucket, key in named:
            etag = s3.put_object(Bucket=bucket, Key=key, Body=body)["ETag"].strip('"')
            event = json.loads(ETAG.sub(rf"\g<1>{etag}", json.dumps(event)))
        environment = {**CREDENTIALS, "AWS_REGION": REGION, "AWS_DEFAULT_REGION": REGION, "AWS_ENDPOINT_URL": endpoint}
        parameters = {"BucketName": named[0][0]} if named else {}
        function = built_function(BUILT, name, parameters, environment)
        with emulator(function, tools) as running:
            result = running.invoke(event)
        listed = [s3.list_objects_v2(Bucket=bucket) for bucket in sorted({bucket for bucket, _ in named})]
        stored = {entry["Key"]: entry["Size"] for page in listed for entry in page.get("Contents", ())}
        return Invoked(result, stored)


def named_objects(node: object, *, encoded: bool = False) -> Iterator[tuple[str, str]]:
    """Every (bucket, key) in an event of any sender; notifications encode their keys, EventBridge does not."""
    match node:
        case {"bucket": {"name": str(bucket)}, "object": {"key": str(key)}}:
            yield bucket, unquote_plus(key) if encoded else key
        case {"bucket": str(bucket), "key": str(key)}:
            yield bucket, key
        case {"s3BucketArn": str(arn), "s3Key": str(key)}:
            yield arn.rpartition(":")[2], unquote_plus(key)
        case {"s3Bucket": str(bucket), "s3Key": str(key)}:
            yield bucket, unquote_plus(key)
        case dict():
            for name, part in node.items():
                yield from named_objects(part, encoded=encoded or name == "s3")
        case list():
            for part in node:
                yield from named_objects(part, encoded=encoded)
        case str() if node.lstrip().startswith("{"):  # SQS and SNS carry events as text
            yield from named_objects(_parsed(node), encoded=encoded)


def read_event(file: Path) -> object:
    """An event from a file. Raises `UsageError` where there is none."""
    try:
        event: object = json.loads(file.read_text(encoding="utf-8"))
    except OSError as problem:
        raise UsageError(f"{file}: {problem.strerror}.") from problem
    except ValueError as problem:
        raise UsageError(f"{file} is no JSON: {problem}.") from problem
    return event


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None
