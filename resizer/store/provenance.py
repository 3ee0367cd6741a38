"""The origin of a rendition: stored in its user metadata, and compared when two writers meet."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from resizer.model import SourceMetadata, SourceObject


@dataclass(frozen=True, slots=True)
class Provenance:
    """The source, upload and recipe that a rendition was made from; None for fields that its metadata lacks.

    `source_key` is a hash of the source's bucket and key, `etag` the source's, `sequencer` the event's.
    """

    source_key: str | None
    etag: str | None
    sequencer: str | None
    recipe: str | None

    @classmethod
    def of(cls, source: SourceObject, fetched: SourceMetadata, recipe: str | None = None) -> Provenance:
        """The provenance of all renditions of one download; `made_by` adds the recipe."""
        return cls(source_hash(source), fetched.etag, source.sequencer, recipe)

    def made_by(self, recipe: str) -> Provenance:
        """The provenance of one rendition."""
        return replace(self, recipe=recipe)

    @classmethod
    def read(cls, metadata: Mapping[str, str]) -> Provenance:
        """Read it from the user metadata of a rendition."""
        names = ("source-key-hash", "source-etag", "source-sequencer", "recipe")
        return cls(*map(metadata.get, names))

    def as_metadata(self) -> dict[str, str]:
        """Return it as user metadata."""
        pairs = {
            "source-key-hash": self.source_key,
            "source-etag": self.etag,
            "source-sequencer": self.sequencer,
            "recipe": self.recipe,
        }
        return {name: value for name, value in pairs.items() if value is not None}

    def is_of(self, source: SourceObject) -> bool:
        """Whether a rendition was made from this source.

        Older versions of this service stored a hash of the key without the bucket.
        """
        return self.source_key in {source_hash(source), short_hash(source.key)}

    def same_content(self, other: Provenance) -> bool:
        """Whether both were made from the same bytes with the same recipe."""
        return (self.etag, self.recipe) == (other.etag, other.recipe)

    def is_newer(self, than: Provenance) -> bool | None:
        """Whether this upload came after another of the same key; None if a sequencer is missing."""
        if self.sequencer and than.sequencer:
            return is_later(self.sequencer, than.sequencer)
        return None


def source_hash(source: SourceObject) -> str:
    """A short ASCII name for a source's bucket and key: user metadata must be ASCII, 2 KB in total."""
    return short_hash(source.uri)


def short_hash(text: str) -> str:
    """The first 16 hexadecimal digits of a SHA-256."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def is_later(sequencer: str, than: str) -> bool:
    """Compare two sequencers of the same key: as hex strings, the shorter padded with zeros on the right.

    Source: S3 user guide, "Event message structure".
    """
    length = max(len(sequencer), len(than))
    return sequencer.lower().ljust(length, "0") > than.lower().ljust(length, "0")
