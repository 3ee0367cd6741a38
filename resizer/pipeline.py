"""The way of one image, from its event to its renditions."""

from __future__ import annotations

from collections import Counter
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from functools import cache, partial
from itertools import chain
from typing import IO, TYPE_CHECKING, Final, cast

from resizer.color.srgb import source_colors, to_srgb
from resizer.deadline import Clock, seconds_to_decode
from resizer.decode.frames import decode, threads
from resizer.decode.header import is_read_forwards, open_image, with_late_exif
from resizer.decode.limits import Limits
from resizer.encode import Encoding
from resizer.errors import NothingToDo, OutOfTime, Overtaken, Rejected
from resizer.memory.allocator import large_pieces_kept, return_freed_memory
from resizer.memory.process import below, ceiling, left
from resizer.metadata.exif import kept_exif
from resizer.model import Rendition, Written
from resizer.planning.guard import reason_to_skip
from resizer.planning.outputs import check_key_length, extra_formats, may_have_others, plan
from resizer.report import Journal, Outcome, Report, StoredRendition
from resizer.resize import MULTIPLIES_IN_PLACE, at_sizes, release_buffers
from resizer.s3.source import current_etag, open_source
from resizer.store.object_headers import carried_headers
from resizer.store.quiet import UNVERIFIED_SECONDS
from resizer.store.reconcile import Made, Reconciler
from resizer.store.uploads import Upload, upload_all
from resizer.store.writer import Destination, Provenance, write

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from resizer.model import Frame, Header, RenditionPlan, SourceMetadata, SourceObject
    from resizer.s3 import S3
    from resizer.settings import Settings

CLOCK: Final = Clock()
ROOMY: Final = 4  # times what would be kept: less could be missed by the next picture


@dataclass(frozen=True, slots=True)
class Picture:
    """A source, decoded: its frames upright and in sRGB, at the size of each planned rendition in turn."""

    steps: Iterator[Sequence[Frame]]
    plans: list[RenditionPlan]
    exif: bytes
    loop: int | None
    metadata: SourceMetadata


def process(
    source: SourceObject, settings: Settings, s3: S3, clock: Clock = CLOCK, journal: Journal | None = None
) -> Report:
    """Make or remove the renditions of one source, so that they fit what stands under its key, and tell how it went.

    Whatever trying again could help with is raised: `StorageError`, `OutOfTime`, and anything unforeseen. What was
    known by then stands in `journal`.
    """
    settings = settings.with_widths(source.widths)
    journal, begun = journal or Journal(source), clock.monotonic()
    if reason := reason_to_skip(source, settings):
        return journal.close(Outcome.SKIPPED, reason, None)

    def make(current: SourceObject) -> Made:
        return _make(current, settings, s3, journal, clock)

    try:
        settled = Reconciler(source, settings, s3, clock, begun, make).reconcile()
    except NothingToDo as nothing:
        return journal.close(Outcome.SKIPPED, nothing.reason, str(nothing))
    except Rejected as rejection:
        return journal.close(Outcome.REJECTED, rejection.reason, rejection.detail)
    except OutOfTime as late:
        raise OutOfTime(f"{source.uri} will be tried again. {late}") from late
    return journal.close(settled.outcome, settled.reason, settled.detail, settled.renditions)


def _make(source: SourceObject, settings: Settings, s3: S3, journal: Journal, clock: Clock) -> Made:
    """Fetch, decode, encode and store one source, and see that it is still what was fetched where that is in doubt."""
    begin = clock.monotonic()
    check_key_length(source.key, settings)
    picture = _fetch(source, settings, s3, journal, clock)
    etag = picture.metadata.etag
    provenance = Provenance.of(source, picture.metadata, settings.recipe)
    destination = Destination(source.bucket, provenance, carried_headers(picture.metadata.headers, settings))

    def still_current() -> bool:
        return current_etag(s3, source) == etag

    write_one = partial(write, s3, destination, still_current=still_current)
    uploads = _store(_encode(picture, settings, journal, clock), picture.plans, write_one, journal, clock)
    written = {upload.written for upload in uploads}
    quick = clock.monotonic() - begin < UNVERIFIED_SECONDS
    keys = [upload.plan.key for upload in uploads]
    apart = may_have_others(source.key, keys, settings)  # so these would not meet what a later upload wrote
    if (Written.REPLACED in written or apart or not quick) and not still_current():
        raise Overtaken(f"{source.uri} has changed while its renditions were written.")
    return Made(etag, tuple(StoredRendition(upload.plan, upload.size) for upload in uploads), any(written))


def _fetch(source: SourceObject, settings: Settings, s3: S3, journal: Journal, clock: Clock) -> Picture:
    """Download and decode at once; nothing is decoded that the header forbids."""
    widest, *narrower = settings.widths
    with open_source(s3, source, settings.max_bytes, clock.need) as stream, journal.counting(stream):
        room = left(settings.function_memory)
        extra = extra_formats(settings)
        reclaim = cache(partial(_reclaimed, settings.function_memory))
        limits = Limits(
            settings.max_pixels, room, widest, stream.size, extra, MULTIPLIES_IN_PLACE, tuple(narrower), reclaim
        )
        most = ceiling(room)
        with journal.timed("decode"), below(most):
            opened, header = open_image(cast("IO[bytes]", stream), limits)
        guard = partial(_guarded, most, room, header)
        journal.header = header
        plan(source.key, header, settings)  # refuses what cannot be written before it is decoded
        clock.need(seconds_to_decode(header, settings.function_memory))
        warn = journal.warnings.append
        finish = partial(to_srgb, colors=source_colors(opened.info, header, warn), warn=warn)
        if is_read_forwards(header):
            stream.release_behind()
        with journal.timed("resize"):
            decoded = journal.each("decode", clock.each(decode(opened, header, widest, guard)))
            decoded = chain([next(decoded)], decoded)
            journal.header = header = with_late_exif(opened, header, limits)
            plans = plan(source.key, header, settings)
            exif = kept_exif(opened, settings.keep_metadata, warn)
            steps = at_sizes(decoded, header, [step.size for step in plans], finish)
    return Picture(steps, plans, exif, header.loop, stream.metadata)


def _reclaimed(function_memory: int | None) -> int | None:
    """How much memory is left when all that is kept of earlier pictures has been given back."""
    release_buffers()
    return_freed_memory()
    return left(function_memory)


@contextmanager
def _guarded(most: int | None, room: int | None, header: Header) -> Iterator[None]:
    """How a decoder runs: with no more memory than there is, which is kept for the next where there is a lot."""
    coefficients = header.buffered_bytes if header.several_scans else 0
    keep = large_pieces_kept if coefficients and (room is None or room > ROOMY * coefficients) else nullcontext
    with below(most, threads(header.format)), keep():
        yield


def _encode(picture: Picture, settings: Settings, journal: Journal, clock: Clock) -> Iterator[Rendition]:
    """Each planned rendition in turn, widest first; those that ask for the same picture share its bytes."""
    encoding = Encoding(settings.quality, picture.exif, picture.loop, clock.need)
    encoded: dict[tuple[tuple[int, int], str], bytes] = {}
    to_come = Counter((step.size, step.format) for step in picture.plans)
    steps = journal.each("resize", picture.steps)
    for step in picture.plans:
        frames = next(steps)
        clock.need()
        what = (step.size, step.format)
        if what not in encoded:
            with journal.timed("encode"):
                encoded[what] = encoding.encode(frames, step.format)
        del frames  # or they would be held while the next are made
        to_come[what] -= 1
        yield Rendition(step, encoded[what] if to_come[what] else encoded.pop(what))  # kept no longer than needed


def _store(
    renditions: Iterator[Rendition],
    plans: list[RenditionPlan],
    write_one: Callable[[Rendition], Written],
    journal: Journal,
    clock: Clock,
) -> list[Upload]:
    """Upload each rendition while the next is made; what stands in the end, narrowest first."""
    uploads: list[Upload] = []
    try:
        upload_all(renditions, write_one, uploads, clock)
    except OutOfTime as problem:
        written = sorted(upload.plan.key for upload in uploads)
        missing = [step.key for step in plans if step.key not in written]
        raise OutOfTime(f"{problem} Written: {written}; not written: {missing}.") from problem
    journal.add("upload", sum(upload.milliseconds for upload in uploads))
    return sorted(uploads, key=lambda upload: plans.index(upload.plan), reverse=True)
