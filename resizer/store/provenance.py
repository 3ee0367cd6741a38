"""The origin of a rendition: stored in its user metadata, and compared when two writers meet."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Final, NamedTuple

from resizer.model import SourceObject
from resizer.planning.geometry import FOCAL_POINT

# Of the fields in user metadata.
NAMES: Final = ("source-key-hash", "source-etag", "source-sequencer", "recipe", FOCAL_POINT)


class Provenance(NamedTuple):
    """The source, upload and recipe that a rendition was made from; None for fields that its metadata lacks.

    `source_key` is a hash of the source's bucket and key, `etag` the source's, `sequencer` the event's. `focal_point`
    is the source's, if it has a valid one.
    """

    source_key: str | None
    etag: str | None
    sequencer: str | None
    recipe: str | None
    focal_point: str | None = None

    @classmethod
    def of(cls, source: SourceObject, etag: str, recipe: str, focal_point: str | None = None) -> Provenance:
        """The provenance of a rendition of the source's upload with this ETag."""
        return cls(short_hash(source.uri), etag, source.sequencer, recipe, focal_point)

    @classmethod
    def read(cls, metadata: Mapping[str, str]) -> Provenance:
        """Read it from the user metadata of a rendition."""
        return cls(*map(metadata.get, NAMES))

    def as_metadata(self) -> dict[str, str]:
        """Return it as user metadata."""
        return {name: value for name, value in zip(NAMES, self, strict=True) if value is not None}

    def is_of(self, source: SourceObject) -> bool:
        """Whether a rendition was made from this source.

        Older versions stored a hash of the key without the bucket.
        """
        return self.source_key in {short_hash(source.uri), short_hash(source.key)}

    def is_newer(self, than: Provenance) -> bool | None:
        """Whether this upload came after another of the same key; None if a sequencer is missing.

        Sequencers compare as hex strings, the shorter padded with zeros on the right (S3 user guide, "Event message
        structure").
        """
        if not self.sequencer or not than.sequencer:
            return None
        length = max(len(self.sequencer), len(than.sequencer))
        return self.sequencer.lower().ljust(length, "0") > than.sequencer.lower().ljust(length, "0")


def short_hash(text: str) -> str:
    """The first 16 hexadecimal digits of a SHA-256: user metadata must be short ASCII."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]
