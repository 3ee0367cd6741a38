"""Ordered, conditional writes: the ordinary one costs a single PUT, and no older picture replaces a newer one."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from resizer.carried import with_extension
from resizer.errors import Reason, Rejected, StorageError, Superseded
from resizer.model import EXTENSIONS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from resizer.model import Rendition, SourceMetadata, SourceObject
    from resizer.s3 import S3

# Every lost race means that another writer got through, so a handful settles any real contest.
ATTEMPTS: Final = 5
LOST_RACE: Final = frozenset({"PreconditionFailed", "412", "ConditionalRequestConflict", "409"})
MISSING: Final = frozenset({"NoSuchKey", "404"})


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
        digest = hashlib.sha256(source.key.encode()).hexdigest()[:16]  # user metadata holds ASCII, 2 KB in all
        return cls(digest, metadata.etag, source.sequencer, recipe)

    def as_metadata(self) -> dict[str, str]:
        """As S3 user metadata."""
        pairs = {"source-key-hash": self.source_key, "source-etag": self.etag, "recipe": self.recipe}
        return {**pairs, "source-sequencer": self.sequencer} if self.sequencer else pairs

    def stands_already(self, metadata: Mapping[str, str], output: str) -> bool:
        """Whether what lies at an output key is this very rendition; False where it is to be replaced.

        Raises `Superseded` where it comes from a later upload, and `Rejected` `key_taken` from another source.
        """
        owner = metadata.get("source-key-hash")
        if owner not in {None, self.source_key}:
            detail = f"{output} belongs to another source; rename one of the two."
            raise Rejected(Reason.KEY_TAKEN, detail)
        if metadata.get("source-etag") == self.etag and metadata.get("recipe") == self.recipe:
            return True
        standing = metadata.get("source-sequencer")
        if self.sequencer and standing and is_later(standing, self.sequencer):
            raise Superseded(f"{output} was made from a later upload.")
        return False


@dataclass(frozen=True, slots=True)
class Destination:
    """What all renditions of one source share when they are stored."""

    bucket: str
    provenance: Provenance
    headers: Mapping[str, Any]


def is_later(sequencer: str, than: str) -> bool:
    """Whether one sequencer of a key comes after another: as hex strings, the shorter padded with zeros on the right.

    By the S3 user guide, "Event message structure". Only sequencers of one and the same key can be compared.
    """
    length = max(len(sequencer), len(than))
    return sequencer.lower().ljust(length, "0") > than.lower().ljust(length, "0")


def write(s3: S3, destination: Destination, rendition: Rendition) -> bool:
    """Store one rendition. False where the same one stands already, and nothing was written.

    Raises `Superseded`, `Rejected` `key_taken`, and `StorageError` where S3 refuses.
    """
    request = _request(destination, rendition)
    bucket, key = request["Bucket"], request["Key"]
    condition = {"IfNoneMatch": "*"}
    for _ in range(ATTEMPTS):
        if _put(s3, {**request, **condition}):
            return True
        standing = _head(s3, bucket, key)
        if standing is None:
            condition = {"IfNoneMatch": "*"}
            continue
        if destination.provenance.stands_already(standing["Metadata"], f"s3://{bucket}/{key}"):
            return False
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


def _put(s3: S3, request: dict[str, Any]) -> bool:
    """True where stored, False where the condition did not hold."""
    try:
        s3.put_object(**request)
    except ClientError as problem:
        if _code(problem) in LOST_RACE | MISSING:  # S3 answers If-Match on a missing key with 404
            return False
        raise _refused("PUT", request["Bucket"], request["Key"], problem) from problem
    except BotoCoreError as problem:
        raise _refused("PUT", request["Bucket"], request["Key"], problem) from problem
    return True


def _head(s3: S3, bucket: str, key: str) -> dict[str, Any] | None:
    try:
        return s3.head_object(Bucket=bucket, Key=key)
    except ClientError as problem:
        if _code(problem) in MISSING:
            return None
        raise _refused("HEAD", bucket, key, problem) from problem
    except BotoCoreError as problem:
        raise _refused("HEAD", bucket, key, problem) from problem


def _code(problem: ClientError) -> str:
    return str(problem.response.get("Error", {}).get("Code", ""))


def _refused(verb: str, bucket: str, key: str, problem: Exception) -> StorageError:
    return StorageError(f"{verb} s3://{bucket}/{key} failed: {problem}. It will be tried again.")
