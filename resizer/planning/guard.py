"""Decides which objects are sources: the first of four protections against recursion.

Keys are compared as S3 compares them: decoded, character by character. `Resized/`, `./resized/` and a decomposed é are
not `resized/` and é. An object uploaded there is a source, and its renditions go to the output prefix, where no key
is ever a source. If renditions have a bucket of their own, nothing in that bucket is a source.
"""

from resizer.errors import Reason
from resizer.model import Change, SourceObject
from resizer.settings import Settings


def reason_to_skip(source: SourceObject, settings: Settings) -> Reason | None:
    """Why this function ignores an object, without asking S3; None if it does not ignore it."""
    reasons = {
        Reason.OUTPUT_BUCKET: source.bucket == settings.output_bucket,
        Reason.OUTPUT_PREFIX: settings.is_output(source.key),
        Reason.OTHER_BUCKET: settings.buckets and source.bucket not in settings.buckets,
        Reason.OUTSIDE_SOURCE_PREFIX: not settings.is_source(source.key),
        Reason.EXCLUDED: settings.rule_for(source.key).skip,
        Reason.NOT_CREATED: source.change is Change.OTHER,
        # The S3 console's "Create folder" makes one.
        Reason.FOLDER_MARKER: source.key.endswith("/") and source.size == 0,
    }
    return next((reason for reason, applies in reasons.items() if applies), None)
