"""The way of one image, from its event to its renditions."""

from __future__ import annotations

from functools import partial
from typing import IO, TYPE_CHECKING, Final, cast

from resizer.clock import Clock
from resizer.decode import decode
from resizer.encode import encode
from resizer.errors import NothingToDo, Overtaken, Rejected
from resizer.guard import reason_to_skip
from resizer.header import open_image
from resizer.model import Rendition, Written
from resizer.reconcile import UNVERIFIED_SECONDS, Made, Reconciler
from resizer.renditions import check_key_length, plan
from resizer.report import Journal, Outcome, Report, StoredRendition
from resizer.resample import cascade
from resizer.source import current_etag, open_source
from resizer.store import Destination, Provenance, write
from resizer.uploads import upload_all

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from PIL.Image import Image

    from resizer.model import Header, RenditionPlan, SourceObject
    from resizer.s3 import S3
    from resizer.settings import Settings

CLOCK: Final = Clock()


def process(source: SourceObject, settings: Settings, s3: S3, clock: Clock = CLOCK) -> Report:
    """Make or remove the renditions of one source, so that they fit what stands under its key, and tell how it went.

    Whatever trying again could help with is raised: `StorageError`, `OutOfTime`, and anything unforeseen.
    """
    settings = settings.with_widths(source.widths)
    journal = Journal(source)
    if reason := reason_to_skip(source, settings):
        return journal.close(Outcome.SKIPPED, reason, None)

    def make(current: SourceObject) -> Made:
        return _resize(current, settings, s3, journal, clock)

    try:
        settled = Reconciler(source, settings, s3, clock, make).reconcile()
    except NothingToDo as nothing:
        return journal.close(Outcome.SKIPPED, nothing.reason, str(nothing))
    except Rejected as rejection:
        return journal.close(Outcome.REJECTED, rejection.reason, rejection.detail)
    return journal.close(settled.outcome, settled.reason, settled.detail, settled.renditions)


def _resize(source: SourceObject, settings: Settings, s3: S3, journal: Journal, clock: Clock) -> Made:
    """Fetch, decode, make and store; what stands in the end, narrowest first."""
    begin = clock.monotonic()
    check_key_length(source.key, settings)
    with open_source(s3, source, settings.max_bytes) as stream:
        journal.etag = stream.metadata.etag
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

    def still_current() -> bool:
        return current_etag(s3, source) == stream.metadata.etag

    store = partial(write, s3, destination, still_current=still_current)
    uploads = upload_all(_make(pixels, header, plans, settings, journal), store)
    journal.add("upload", sum(upload.milliseconds for upload in uploads))
    written = {upload.written for upload in uploads}
    quick = clock.monotonic() - begin < UNVERIFIED_SECONDS
    if (Written.REPLACED in written or not quick) and not still_current():
        raise Overtaken(f"{source.uri} has changed while its renditions were written.")
    stored = tuple(StoredRendition(upload.plan, upload.size) for upload in reversed(uploads))
    return Made(stream.metadata.etag, stored, any(written))


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
