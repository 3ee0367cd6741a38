"""Which keys are sources and which are outputs: the first wall against recursion.

Keys are compared as S3 compares them, byte by byte and decoded. `Resized/`, `./resized/` and a decomposed é
are other names to S3 than `resized/`, `resized/` and é: what is written there is a source like any other, and
its renditions go under the output prefix all the same, where no key is ever a source.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from resizer.errors import Reason
from resizer.model import Change

if TYPE_CHECKING:
    from resizer.model import SourceObject
    from resizer.settings import Settings


def is_output(key: str, settings: Settings) -> bool:
    """Whether a decoded key lies under the output prefix, where nothing is ever a source."""
    return key.encode().startswith(settings.output_prefix.encode())


def is_source(key: str, settings: Settings) -> bool:
    """Whether renditions are made of a decoded key."""
    return not is_output(key, settings) and key.encode().startswith(settings.source_prefix.encode())


def reason_to_skip(source: SourceObject, settings: Settings) -> Reason | None:
    """Why an object is not ours to touch, decided before any request to S3; None where it is ours."""
    if is_output(source.key, settings):
        return Reason.OUTPUT_PREFIX
    if settings.buckets and source.bucket not in settings.buckets:
        return Reason.OTHER_BUCKET
    if not is_source(source.key, settings):
        return Reason.OUTSIDE_SOURCE_PREFIX
    if source.change is Change.OTHER:
        return Reason.NOT_CREATED
    if source.key.endswith("/") and source.size == 0:
        return Reason.FOLDER_MARKER  # what "create folder" in the S3 console leaves
    return None
