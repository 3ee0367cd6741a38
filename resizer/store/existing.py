"""Lists and deletes the renditions of a source that exist in S3."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from resizer.s3.conditional import delete, head
from resizer.store import uploads
from resizer.store.provenance import Provenance

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from resizer.model import SourceObject
    from resizer.s3 import S3


@dataclass(frozen=True, slots=True)
class ExistingRendition:
    """A rendition in S3: its key, its own ETag and its provenance."""

    key: str
    etag: str
    provenance: Provenance


def list_existing(s3: S3, bucket: str, source: SourceObject, outputs: Sequence[str]) -> list[ExistingRendition]:
    """Find a source's renditions among these keys of a bucket, with one HEAD each, a few at a time.

    Objects of other sources, and objects that name no source, are left out.
    """
    answers = uploads.executor.map(partial(head, s3, bucket), outputs)
    found = [
        ExistingRendition(key, answer["ETag"], Provenance.read(answer["Metadata"]))
        for key, answer in zip(outputs, answers, strict=True)
        if answer
    ]
    return [each for each in found if each.provenance.is_of(source)]


def delete_existing(s3: S3, bucket: str, renditions: Iterable[ExistingRendition]) -> bool:
    """Delete renditions one by one; stop and return False at the first that has changed since it was listed."""
    return all(delete(s3, bucket, rendition.key, rendition.etag) for rendition in renditions)
