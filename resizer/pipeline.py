"""The way of one image, from its event to its renditions."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cache, partial
from itertools import chain
from typing import IO, TYPE_CHECKING, Final, cast

from resizer.color.srgb import source_colors, to_srgb
from resizer.deadline import Clock, seconds_to_decode
from resizer.decode.frames import decode
from resizer.decode.header import after_pixels, is_read_forwards, open_image
from resizer.decode.limits import Limits
from resizer.encode import Encoding
from resizer.errors import NothingToDo, OutOfTime, Overtaken, Rejected
from resizer.formats import SOURCES
from resizer.memory.allocator import return_freed_memory
from resizer.memory.process import available, limited, memory_limit
from resizer.metadata.exif import kept_exif
from resizer.model import Rendition, Written
from resizer.planning.geometry import wanted_size
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

    from resizer.model import Frame, RenditionPlan, SourceMetadata, SourceObject
    from resizer.s3 import S3
    from resizer.settings import Settings

CLOCK: Final = Clock()


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
    with open_source(s3, source, settings.max_bytes, clock.need) as stream, journal.counting(stream):
        room, warn = available(settings.function_memory), journal.warnings.append
        limits = _limits(settings, room, stream.size)
        limit = memory_limit(room)
        with journal.timed("decode"), limited(limit):
            opened, header = open_image(cast("IO[bytes]", stream), limits, warn)
        journal.header = header
        sizes = [step.size for step in plan(source.key, header, settings)]  # refuses before it is decoded
        clock.need(seconds_to_decode(header, settings.function_memory))
        finish = partial(to_srgb, colors=source_colors(opened.info, header, warn), warn=warn)
        if is_read_forwards(header):
            stream.release_behind()
        guard = partial(limited, limit, SOURCES[header.format].threads)
        with journal.timed("resize"):
            frames = decode(opened, header, wanted_size(header, sizes), guard)
            decoded = journal.each("decode", clock.each(frames))
            decoded = chain([next(decoded)], decoded)
            journal.header = header = after_pixels(opened, header, limits)
            plans = plan(source.key, header, settings)
            exif = kept_exif(opened, settings.keep_metadata, warn)
            steps = at_sizes(decoded, header, [step.size for step in plans], finish)
    return Picture(steps, plans, exif, header.loop, stream.metadata)


def _limits(settings: Settings, room: int | None, file_size: int) -> Limits:
    @cache
    def reclaim() -> int | None:
        release_buffers()
        return_freed_memory()
        return available(settings.function_memory)

    return Limits(
        max_pixels=settings.max_pixels,
        widths=settings.widths,
        file_size=file_size,
        memory=room,
        formats=extra_formats(settings),
        multiplies_in_place=MULTIPLIES_IN_PLACE,
        reclaim=reclaim,
    )


def _encode(picture: Picture, settings: Settings, journal: Journal, clock: Clock) -> Iterator[Rendition]:
    """Each planned rendition in turn, widest first; those that ask for the same picture share its bytes."""
    encoding = Encoding(quality=settings.quality, exif=picture.exif, loop=picture.loop, before_each_frame=clock.need)
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
