"""Which keys are sources and which are outputs: the first of four walls against recursion.

Keys are compared as S3 compares them: decoded, byte by byte. `Resized/`, `./resized/` and a decomposed é are not
`resized/` and é. An object uploaded there is a source like any other, and its renditions go to the output prefix,
where no key is ever a source. Where renditions have a bucket of their own, nothing in that bucket is a source.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from resizer.errors import Reason
from resizer.model import Change

if TYPE_CHECKING:
    from resizer.model import SourceObject
    from resizer.settings import Settings


def is_output(key: str, settings: Settings) -> bool:
    """Whether a decoded key of a source bucket starts with the output prefix: such keys are never sources.

    With an output bucket, no key of another bucket is an output.
    """
    prefix = settings.guarded_prefix
    return prefix is not None and key.encode().startswith(prefix.encode())


def is_source(key: str, settings: Settings) -> bool:
    """Whether an object of a source bucket with this decoded key gets renditions."""
    return not is_output(key, settings) and key.encode().startswith(settings.source_prefix.encode())


def reason_to_skip(source: SourceObject, settings: Settings) -> Reason | None:
    """Why this function ignores an object, without asking S3; None if it does not ignore it."""
    if reason := _output_reason(source, settings):
        return reason
    if settings.buckets and source.bucket not in settings.buckets:
        return Reason.OTHER_BUCKET
    if not is_source(source.key, settings):
        return Reason.OUTSIDE_SOURCE_PREFIX
    if settings.rule_for(source.key).skip:
        return Reason.EXCLUDED
    return _reason_of_event(source)


def _reason_of_event(source: SourceObject) -> Reason | None:
    if source.change is Change.OTHER:
        return Reason.NOT_CREATED
    if source.key.endswith("/") and source.size == 0:
        return Reason.FOLDER_MARKER  # the S3 console's "Create folder" makes one
    return None


def _output_reason(source: SourceObject, settings: Settings) -> Reason | None:
    if source.bucket == settings.output_bucket:
        return Reason.OUTPUT_BUCKET
    return Reason.OUTPUT_PREFIX if is_output(source.key, settings) else None
