"""One rendition, and how it is written."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from resizer.model import Format, Rendition, SourceObject
from resizer.store.provenance import Provenance
from resizer.store.writer import Writer
from tests.conftest import BUCKET
from tests.support.plans import rendition_plan
from tests.support.recording import refusal

if TYPE_CHECKING:
    from collections.abc import Callable

    from resizer.s3 import S3

SOURCE, SOURCE_BODY = "summer/日本 a+b.jpg", b"source"
ETAG = hashlib.md5(SOURCE_BODY, usedforsecurity=False).hexdigest()
KEY = "resized/480-summer/日本 a+b.jpg"
EARLIER, SEQUENCER, LATER = "0055AED6DCD90281E4", "0055AED6DCD90281E5", "0055AED6DCD90281E6"
PUT_ONCE = [("put_object", KEY)]
LOOKED_AT = [("put_object", KEY), ("head_object", KEY)]
REPLACED = [*LOOKED_AT, ("put_object", KEY)]


def provenance(
    key: str = SOURCE, etag: str = ETAG, sequencer: str | None = SEQUENCER, recipe: str = "r1"
) -> Provenance:
    return Provenance.of(SourceObject(BUCKET, key, sequencer=sequencer), etag, recipe)


@dataclass(frozen=True)
class Destination:
    """What is written by, and the recipe of it."""

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


def write(s3: S3, where: Destination, what: Rendition) -> bool:
    """Write a rendition that was made by the destination's recipe."""
    writer = Writer(s3, BUCKET, where.source, where.etag, where.headers)
    return writer.write(replace(what, plan=replace(what.plan, recipe=where.recipe)))


def stored(s3: S3) -> bytes:
    body: bytes = s3.get_object(Bucket=BUCKET, Key=KEY)["Body"].read()
    return body


def refusing(times: int, code: str) -> Callable[[dict[str, Any]], None]:
    """Refuses the first requests, as many as told, with an error code of S3."""
    left = [refusal(code, "PutObject")] * times

    def refuse(_: dict[str, Any]) -> None:
        if left:
            raise left.pop()

    return refuse
