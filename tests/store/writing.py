"""One rendition, and helpers to write it."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from resizer.model import Format, Rendition, SourceObject
from resizer.s3 import S3
from resizer.store.provenance import Provenance
from resizer.store.writer import Writer
from tests.conftest import BUCKET
from tests.support.plans import rendition_plan
from tests.support.recording import refusal

SOURCE, SOURCE_BODY = "summer/日本 a+b.jpg", b"source"
ETAG = hashlib.md5(SOURCE_BODY, usedforsecurity=False).hexdigest()
KEY = "resized/480-summer/日本 a+b.jpg"
EARLIER, SEQUENCER, LATER = "0055AED6DCD90281E4", "0055AED6DCD90281E5", "0055AED6DCD90281E6"
PUT_ONCE = [("put_object", KEY)]
FOUND = [("put_object", KEY), ("head_object", KEY)]
REPLACED = [*FOUND, ("put_object", KEY)]


def provenance(
    key: str = SOURCE, etag: str = ETAG, sequencer: str | None = SEQUENCER, recipe: str = "r1"
) -> Provenance:
    return Provenance.of(SourceObject(BUCKET, key, sequencer=sequencer), etag, recipe)


@dataclass(frozen=True)
class Destination:
    """The arguments of a `Writer`."""

    headers: dict[str, Any]
    source: SourceObject
    etag: str
    recipe: str


def destination(
    headers: dict[str, Any] | None = None,
    key: str = SOURCE,
    etag: str = ETAG,
    sequencer: str | None = SEQUENCER,
    recipe: str = "r1",
) -> Destination:
    return Destination(headers or {}, SourceObject(BUCKET, key, sequencer=sequencer), etag, recipe)


def rendition(body: bytes = b"pixels") -> Rendition:
    return Rendition(rendition_plan(KEY, 480, 360, Format.JPEG), body)


def write(s3: S3, to: Destination, rendition: Rendition) -> bool:
    """Write a rendition by the destination's recipe."""
    return Writer(s3, BUCKET, to.source, to.etag, to.headers, {KEY: to.recipe}).write(rendition)


def stored(s3: S3) -> bytes:
    body: bytes = s3.get_object(Bucket=BUCKET, Key=KEY)["Body"].read()
    return body


def refusing(times: int, code: str) -> Callable[[dict[str, Any]], None]:
    """Raises an error with this code for the first `times` requests."""
    errors = [refusal(code, "PutObject")] * times

    def refuse(_: dict[str, Any]) -> None:
        if errors:
            raise errors.pop()

    return refuse
