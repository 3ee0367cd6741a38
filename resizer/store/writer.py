"""Writes renditions and manifests with conditional PUTs, so that an older picture never replaces a newer one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from resizer.errors import NewerRenditionExists, Reason, Rejected, SourceChanged, StorageError
from resizer.s3.conditional import head, put
from resizer.s3.source import current_etag
from resizer.store.object_headers import COMPARED, OF_PICTURES, content_disposition
from resizer.store.provenance import Provenance

if TYPE_CHECKING:
    from collections.abc import Mapping

    from resizer.model import Placeholder, Rendition, SourceObject
    from resizer.s3 import S3

ATTEMPTS: Final = 5  # each failed one means that another writer was faster


@dataclass(frozen=True, slots=True)
class Destination:
    """What all renditions of one source share when they are stored; `bucket` may differ from the source's."""

    bucket: str
    source: SourceObject
    provenance: Provenance
    headers: Mapping[str, Any]
    placeholder: Placeholder | None = None


def write(s3: S3, destination: Destination, rendition: Rendition) -> bool:
    """Store a rendition; False if the same one exists already.

    Raises `NewerRenditionExists` if a later upload's rendition exists, `SourceChanged` if only the source can tell
    which is newer and it has changed, `Rejected` `key_taken` if the key belongs to another source, and `StorageError`.
    """
    return _write(s3, destination, _request(destination, rendition))


def write_manifest(s3: S3, destination: Destination, key: str, body: bytes, recipe: str) -> bool:
    """Store a manifest by the same rules as its renditions; False if the same one exists already."""
    request = {
        **{name: value for name, value in destination.headers.items() if name not in OF_PICTURES},
        "Bucket": destination.bucket,
        "Key": key,
        "Body": body,
        "ContentType": "application/json",
        "Metadata": destination.provenance.made_by(recipe).as_metadata(),
    }
    return _write(s3, destination, request)


def _write(s3: S3, destination: Destination, request: dict[str, Any]) -> bool:
    bucket, key = request["Bucket"], request["Key"]
    condition = {"IfNoneMatch": "*"}
    for _ in range(ATTEMPTS):
        if put(s3, {**request, **condition}):
            return True
        existing = head(s3, bucket, key)
        if existing is None:
            condition = {"IfNoneMatch": "*"}
            continue
        if not _replaces(s3, destination, request, existing):
            return False
        condition = {"IfMatch": existing["ETag"]}
    raise StorageError(f"PUT s3://{bucket}/{key}: {ATTEMPTS} other writers were faster. It will be tried again.")


def _replaces(s3: S3, destination: Destination, request: dict[str, Any], existing: Mapping[str, Any]) -> bool:
    """Whether the request should replace the existing rendition; False if both are the same.

    Headers are compared, too: the same bytes may be uploaded again with other headers.
    """
    ours, theirs = Provenance.read(request["Metadata"]), Provenance.read(existing["Metadata"])
    output = f"s3://{request['Bucket']}/{request['Key']}"
    if theirs.source_key is not None and not theirs.is_of(destination.source):
        raise Rejected(Reason.KEY_TAKEN, f"{output} is a rendition of another source. Rename one of the two sources.")
    if ours.same_content(theirs) and all(existing.get(name) == request.get(name) for name in COMPARED):
        return False
    newer = theirs.is_newer(ours)
    if newer:
        raise NewerRenditionExists(f"{output} was made from a later upload.")
    if newer is None and current_etag(s3, destination.source) != ours.etag:
        raise SourceChanged(f"{destination.source.uri} has changed since it was downloaded.")
    return True


def _request(destination: Destination, rendition: Rendition) -> dict[str, Any]:
    plan = rendition.plan
    provenance = destination.provenance.made_by(plan.recipe)
    size = {"width": str(plan.width), "height": str(plan.height)}
    request = {
        **destination.headers,
        "Bucket": destination.bucket,
        "Key": plan.key,
        "Body": rendition.body,
        "ContentType": plan.content_type,
        "Metadata": provenance.as_metadata() | size | _shown_before(destination.placeholder),
    }
    disposition = content_disposition(request.pop("ContentDisposition", None), destination.source.key, plan)
    return {**request, "ContentDisposition": disposition} if disposition else request


def _shown_before(placeholder: Placeholder | None) -> dict[str, str]:
    """A placeholder as user metadata."""
    both = {"thumbhash": placeholder.thumbhash, "color": placeholder.color} if placeholder else {}
    return {name: value for name, value in both.items() if value}
