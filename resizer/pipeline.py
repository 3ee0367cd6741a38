"""The way of one image, from its event to its renditions."""

from __future__ import annotations

from functools import partial
from typing import IO, TYPE_CHECKING, cast

from resizer.decode import decode
from resizer.encode import encode
from resizer.errors import AlreadyDone, NothingToDo, Rejected
from resizer.guard import reason_to_skip
from resizer.header import open_image
from resizer.model import Rendition
from resizer.renditions import check_key_length, plan
from resizer.report import Journal, Outcome, Report, StoredRendition
from resizer.resample import cascade
from resizer.source import open_source
from resizer.store import Destination, Provenance, write
from resizer.uploads import upload_all

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from PIL.Image import Image

    from resizer.model import Header, RenditionPlan, SourceObject
    from resizer.s3 import S3
    from resizer.settings import Settings


def process(source: SourceObject, settings: Settings, s3: S3) -> Report:
    """Make every rendition of one source and tell how it went.

    Whatever trying again could help with is raised: `StorageError`, and anything unforeseen.
    """
    journal = Journal(source)
    if reason := reason_to_skip(source, settings):
        return journal.close(Outcome.SKIPPED, reason, None)
    try:
        stored = _resize(source, settings, s3, journal)
    except NothingToDo as nothing:
        return journal.close(Outcome.SKIPPED, nothing.reason, str(nothing))
    except Rejected as rejection:
        return journal.close(Outcome.REJECTED, rejection.reason, rejection.detail)
    return journal.close(Outcome.RESIZED, None, None, tuple(stored))


def _resize(source: SourceObject, settings: Settings, s3: S3, journal: Journal) -> list[StoredRendition]:
    """Fetch, decode, make and store; what stands in the end, narrowest first."""
    check_key_length(source.key, settings)
    with open_source(s3, source, settings.max_bytes) as stream:
        try:
            with journal.timed("decode"):
                opened, header = open_image(cast("IO[bytes]", stream), settings.max_pixels)
                journal.header = header
                plans = plan(source.key, header, settings)
                stream.release_behind()
                pixels = decode(opened, header, plans[0].width)
        finally:
            journal.bytes_in = stream.fetched
    cache_control = settings.cache_control or stream.metadata.cache_control
    provenance = Provenance.of(source, stream.metadata, settings.recipe)
    destination = Destination(source.bucket, provenance, cache_control)
    uploads = upload_all(_make(pixels, header, plans, settings, journal), partial(write, s3, destination))
    journal.add("upload", sum(upload.milliseconds for upload in uploads))
    if not any(upload.written for upload in uploads):
        raise AlreadyDone(f"All renditions of {source.uri} stand already.")
    return [StoredRendition(upload.plan, upload.size) for upload in reversed(uploads)]


def _make(
    pixels: Image, header: Header, plans: Sequence[RenditionPlan], settings: Settings, journal: Journal
) -> Iterator[Rendition]:
    """Encode each plan in turn; plans that ask for the same picture share its bytes."""
    encoded: dict[tuple[tuple[int, int], str], bytes] = {}
    pictures = cascade(pixels, header, [step.size for step in plans])
    for step in plans:
        with journal.timed("resize"):
            picture = next(pictures)
        if (step.size, step.format) not in encoded:
            with journal.timed("encode"):
                encoded[step.size, step.format] = encode(picture, step.format, settings.quality)
        yield Rendition(step, encoded[step.size, step.format])
