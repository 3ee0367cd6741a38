"""What stands of a source's renditions, and the taking away of it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from resizer.s3.conditional import delete, head
from resizer.store import pool

if TYPE_CHECKING:
    from collections.abc import Sequence

    from resizer.model import Format
    from resizer.s3 import S3


@dataclass(frozen=True, slots=True)
class Standing:
    """One rendition as it stands: `etag` is its own, `source_etag`, `sequencer` and `recipe` what it was made from."""

    key: str
    width: int
    format: Format
    etag: str
    source_etag: str | None
    sequencer: str | None
    recipe: str | None


def look(s3: S3, bucket: str, owner: str, outputs: Sequence[tuple[int, Format, str]]) -> list[Standing]:
    """Which of these (width, format, key) stand and were made from the source whose hash is `owner`.

    One HEAD for each, three at a time. What other sources own, and what carries no owner, is left out.
    """
    answers = pool.executor.map(partial(head, s3, bucket), [key for _, _, key in outputs])
    standing = []
    for (width, format_, key), answer in zip(outputs, answers, strict=True):
        told = answer["Metadata"] if answer else {}
        if answer and told.get("source-key-hash") == owner:
            made_from = told.get("source-etag"), told.get("source-sequencer"), told.get("recipe")
            standing.append(Standing(key, width, format_, answer["ETag"], *made_from))
    return standing


def take_away(s3: S3, bucket: str, renditions: Sequence[Standing]) -> bool:
    """Delete renditions as they were seen, one after the other; False at the first that has changed since.

    Widest first, as they are written: where a try dies on the way, the narrowest still tells the next one that
    something is left.
    """
    return all(delete(s3, bucket, rendition.key, rendition.etag) for rendition in renditions)


def is_complete(standing: Sequence[Standing], source_etag: str, recipe: str, widths: Sequence[int]) -> bool:
    """Whether every width has a rendition of this very source and recipe, in every format that any width has."""
    made = {(each.width, each.format) for each in standing if (each.source_etag, each.recipe) == (source_etag, recipe)}
    formats = {format_ for _, format_ in made}
    return bool(made) and len(made) == len(formats) * len(widths)
