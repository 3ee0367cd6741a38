"""Writes renditions and manifests with conditional PUTs, so that an older picture never replaces a newer one."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from resizer.errors import (
    ConditionFailed,
    NewerRenditionExists,
    ObjectMissing,
    Reason,
    Rejected,
    SourceChanged,
    StorageError,
)
from resizer.model import Placeholder, Rendition, SourceObject
from resizer.s3 import S3
from resizer.s3.requests import head, put
from resizer.s3.source import current_etag
from resizer.store.object_headers import COPIED, NOT_FOR_MANIFESTS, content_disposition
from resizer.store.provenance import Provenance

ATTEMPTS: Final = 5  # each failed one means that another writer was faster


@dataclass(frozen=True, slots=True)
class Writer:
    """Writes everything that is made from one upload of a source, which has the ETag `etag`.

    `bucket` may differ from the source's; `headers` are those of `object_headers.headers_for`, `recipes` those of
    `planning.outputs`.
    """

    s3: S3
    bucket: str
    source: SourceObject
    etag: str
    headers: Mapping[str, Any]
    recipes: Mapping[str, str]
    placeholder: Placeholder | None = None
    focal_point: str | None = None

    def write(self, rendition: Rendition) -> bool:
        """Store a rendition; False if the same one exists already.

        Raises `NewerRenditionExists` if a later upload's rendition exists, `SourceChanged` if the sequencers do not say
        which is newer and the source has changed, `Rejected` `key_taken` if the key belongs to another source, and
        `StorageError`.
        """
        plan = rendition.plan
        width, height = plan.size
        placeholder = asdict(self.placeholder) if self.placeholder else {}
        metadata = {"width": str(width), "height": str(height), **placeholder}
        disposition = content_disposition(self.headers.get("ContentDisposition"), self.source.key, plan)
        headers = {**self.headers, "ContentDisposition": disposition, "ContentType": plan.content_type}
        return self._put(plan.key, rendition.body, metadata, headers)

    def write_manifest(self, key: str, body: bytes) -> bool:
        """Store a manifest by the same rules as its renditions; False if the same one exists already."""
        headers = {name: value for name, value in self.headers.items() if name not in NOT_FOR_MANIFESTS}
        return self._put(key, body, {}, {**headers, "ContentType": "application/json"})

    def _put(self, key: str, body: bytes, more: Mapping[str, str | None], headers: Mapping[str, Any]) -> bool:
        metadata = Provenance.of(self.source, self.etag, self.recipes[key], self.focal_point).as_metadata()
        metadata |= {name: value for name, value in more.items() if value}
        request = {"Bucket": self.bucket, "Key": key, "Body": body, "Metadata": metadata}
        request |= {name: value for name, value in headers.items() if value}
        condition = {"IfNoneMatch": "*"}
        for _ in range(ATTEMPTS):
            try:
                put(self.s3, {**request, **condition})
            except (ConditionFailed, ObjectMissing) as refusal:  # S3 answers If-Match with 404 if there is no object
                existing = head(self.s3, self.bucket, key)
                if existing is None:
                    condition = {"IfNoneMatch": "*"}
                    continue
                if refusal.retried and (existing["Metadata"], existing.get("ContentLength")) == (metadata, len(body)):
                    return True  # botocore's first attempt has stored it
                if not self._replaces(request, existing):
                    return False
                condition = {"IfMatch": existing["ETag"]}
            else:
                return True
        raise StorageError(
            f"PUT s3://{self.bucket}/{key}: {ATTEMPTS} other writers were faster. It will be tried again."
        )

    def _replaces(self, request: Mapping[str, Any], existing: Mapping[str, Any]) -> bool:
        """Whether the request should replace the existing object; False if both are the same.

        Headers and focal points are compared, too: the same bytes may be uploaded again with others.
        """
        ours, theirs = Provenance.read(request["Metadata"]), Provenance.read(existing["Metadata"])
        output = f"s3://{self.bucket}/{request['Key']}"
        if theirs.source_key is not None and not theirs.is_of(self.source):
            detail = f"{output} is a rendition of another source. Rename one of the two sources."
            raise Rejected(Reason.KEY_TAKEN, detail)
        same_content = ours == theirs._replace(source_key=ours.source_key, sequencer=ours.sequencer)
        if same_content and all(existing.get(name) == request.get(name) for name in COPIED):
            return False
        newer = theirs.is_newer(ours)
        if newer:
            raise NewerRenditionExists(f"{output} was made from a later upload.")
        if newer is None and current_etag(self.s3, self.source) != ours.etag:
            raise SourceChanged(f"{self.source.uri} has changed since it was downloaded.")
        return True
