"""Ordered, conditional writes: the ordinary one costs a single PUT, and no older picture replaces a newer one."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from resizer.errors import LaterStands, Overtaken, Reason, Rejected, StorageError
from resizer.model import EXTENSIONS, Written
from resizer.s3.conditional import head, put
from resizer.store.object_headers import AS_THEY_ARE, with_extension

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from resizer.model import Rendition, SourceMetadata, SourceObject
    from resizer.s3 import S3

CARRIED: Final = (*AS_THEY_ARE, "ContentDisposition")
# Every lost race means that another writer got through, so a handful settles any real contest.
ATTEMPTS: Final = 5


@dataclass(frozen=True, slots=True)
class Provenance:
    """What a rendition is made of, as its user metadata tells: which source, which upload of it, which recipe."""

    source_key: str
    etag: str
    sequencer: str | None
    recipe: str

    @classmethod
    def of(cls, source: SourceObject, metadata: SourceMetadata, recipe: str) -> Provenance:
        """The provenance of all renditions made in one go."""
        return cls(key_hash(source.key), metadata.etag, source.sequencer, recipe)

    def as_metadata(self) -> dict[str, str]:
        """As S3 user metadata."""
        pairs = {"source-key-hash": self.source_key, "source-etag": self.etag, "recipe": self.recipe}
        return {**pairs, "source-sequencer": self.sequencer} if self.sequencer else pairs

    def stands_already(self, standing: Mapping[str, Any], request: Mapping[str, Any]) -> bool:
        """Whether what a HEAD tells of is what a PUT would store; False where it is to be replaced.

        Beside source and recipe the carried headers count: the same bytes may be uploaded with others, and are then
        another upload by its sequencer alone.

        Raises `LaterStands` where it comes from a later upload, and `Rejected` `key_taken` from another source.
        """
        metadata, output = standing["Metadata"], f"s3://{request['Bucket']}/{request['Key']}"
        owner = metadata.get("source-key-hash")
        if owner not in {None, self.source_key}:
            detail = f"{output} belongs to another source; rename one of the two."
            raise Rejected(Reason.KEY_TAKEN, detail)
        same = metadata.get("source-etag") == self.etag and metadata.get("recipe") == self.recipe
        if same and all(standing.get(name) == request.get(name) for name in CARRIED):
            return True
        sequencer = metadata.get("source-sequencer")
        if self.sequencer and sequencer and is_later(sequencer, self.sequencer):
            raise LaterStands(f"{output} was made from a later upload.")
        return False

    def can_be_ordered(self, metadata: Mapping[str, str]) -> bool:
        """Whether sequencers tell which of two uploads came first."""
        return bool(self.sequencer and metadata.get("source-sequencer"))


@dataclass(frozen=True, slots=True)
class Destination:
    """What all renditions of one source share when they are stored."""

    bucket: str
    provenance: Provenance
    headers: Mapping[str, Any]


def key_hash(key: str) -> str:
    """A source's name in its renditions' user metadata, which holds ASCII only, and 2 KB in all."""
    return hashlib.sha256(key.encode()).hexdigest()[:16]


def is_later(sequencer: str, than: str) -> bool:
    """Whether one sequencer of a key comes after another: as hex strings, the shorter padded with zeros on the right.

    By the S3 user guide, "Event message structure". Only sequencers of one and the same key can be compared.
    """
    length = max(len(sequencer), len(than))
    return sequencer.lower().ljust(length, "0") > than.lower().ljust(length, "0")


def write(s3: S3, destination: Destination, rendition: Rendition, still_current: Callable[[], bool]) -> Written:
    """Store one rendition, or find that the same one stands already.

    `still_current` tells whether the source is still what was fetched; it is asked only where something stands
    whose order the sequencers do not tell, because one of the two has none.

    Raises `LaterStands`, `Overtaken`, `Rejected` `key_taken`, and `StorageError` where S3 refuses.
    """
    request = _request(destination, rendition)
    bucket, key = request["Bucket"], request["Key"]
    condition = {"IfNoneMatch": "*"}
    for _ in range(ATTEMPTS):
        if put(s3, {**request, **condition}):
            return Written.REPLACED if "IfMatch" in condition else Written.NEW
        standing = head(s3, bucket, key)
        if standing is None:
            condition = {"IfNoneMatch": "*"}
            continue
        if destination.provenance.stands_already(standing, request):
            # Where the client sent a PUT again because its answer was lost, what stands may be this very write.
            return Written.REPLACED if "IfMatch" in condition else Written.STANDS
        if not destination.provenance.can_be_ordered(standing["Metadata"]) and not still_current():
            raise Overtaken(f"The source of s3://{bucket}/{key} has changed since it was fetched.")
        condition = {"IfMatch": standing["ETag"]}
    raise StorageError(f"PUT s3://{bucket}/{key} lost {ATTEMPTS} races. It will be tried again.")


def _request(destination: Destination, rendition: Rendition) -> dict[str, Any]:
    plan = rendition.plan
    size = {"width": str(plan.width), "height": str(plan.height)}
    request = {
        **destination.headers,
        "Bucket": destination.bucket,
        "Key": plan.key,
        "Body": rendition.body,
        "ContentType": plan.content_type,
        "Metadata": destination.provenance.as_metadata() | size,
    }
    if disposition := request.get("ContentDisposition"):
        request["ContentDisposition"] = with_extension(disposition, EXTENSIONS[plan.format])
    return request
