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
from resizer.errors import OutOfTime, Rejected
from resizer.formats import SOURCES
from resizer.memory.allocator import return_freed_memory
from resizer.memory.process import available, limited, memory_limit
from resizer.metadata.exif import kept_exif
from resizer.model import Rendition
from resizer.planning.geometry import wanted_size
from resizer.planning.guard import reason_to_skip
from resizer.planning.outputs import check_key_length, extra_formats, plan
from resizer.report import Outcome, Report, ReportBuilder, StoredRendition
from resizer.resize import MULTIPLIES_IN_PLACE, at_sizes, release_buffers
from resizer.s3.source import open_source
from resizer.store.object_headers import headers_for
from resizer.store.provenance import Provenance
from resizer.store.reconcile import Reconciler, RenditionSet
from resizer.store.uploads import Upload, upload_all
from resizer.store.writer import Destination, write

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
    source: SourceObject, settings: Settings, s3: S3, clock: Clock = CLOCK, report: ReportBuilder | None = None
) -> Report:
    """Make or delete the renditions of one source, so that they match it, and report what was done.

    Raises what another try may cure: `StorageError`, `OutOfTime` and anything unexpected. `report` has collected what
    was known by then.
    """
    settings = settings.with_widths(source.widths)
    builder = report or ReportBuilder(source)
    if reason := reason_to_skip(source, settings):
        return builder.build(Outcome.SKIPPED, reason)

    def make(current: SourceObject) -> RenditionSet:
        return _make(current, settings, s3, builder, clock)

    try:
        result = Reconciler(source, settings, s3, make).reconcile()
    except OutOfTime as late:
        raise OutOfTime(f"{source.uri} will be tried again. {late}") from late
    return builder.build(result.outcome, result.reason, result.detail, result.renditions)


def _make(source: SourceObject, settings: Settings, s3: S3, report: ReportBuilder, clock: Clock) -> RenditionSet:
    """Download, decode, encode and store one source."""
    uploads: list[Upload] = []
    try:
        check_key_length(source.key, settings)
        picture = _fetch(source, settings, s3, report, clock)
        provenance = Provenance.of(source, picture.metadata, settings.recipe)
        headers = headers_for(picture.metadata.headers, settings)
        destination = Destination(source.bucket, source, provenance, headers)
        renditions = _encode(picture, settings, report, clock)
        _store(renditions, picture.plans, partial(write, s3, destination), uploads, clock)
    except Rejected as rejection:
        rejection.etag = source.etag or report.etag
        rejection.partly_stored = bool(uploads)
        raise
    report.add("upload", sum(upload.milliseconds for upload in uploads))
    uploads.sort(key=lambda upload: picture.plans.index(upload.plan), reverse=True)
    stored = tuple(StoredRendition(upload.plan, upload.size) for upload in uploads)
    return RenditionSet(picture.metadata.etag, stored, any(upload.written for upload in uploads))


def _fetch(source: SourceObject, settings: Settings, s3: S3, report: ReportBuilder, clock: Clock) -> Picture:
    """Download and decode at once; nothing is decoded that the header forbids."""
    with open_source(s3, source, settings.max_bytes, clock.need) as stream, report.counting(stream):
        room, warn = available(settings.function_memory), report.warnings.append
        limits = _limits(settings, room, stream.size)
        limit = memory_limit(room)
        with report.timed("decode"), limited(limit):
            opened, header = open_image(cast("IO[bytes]", stream), limits, warn)
        report.header = header
        sizes = [step.size for step in plan(source.key, header, settings)]  # refuses before it is decoded
        clock.need(seconds_to_decode(header, settings.function_memory))
        finish = partial(to_srgb, colors=source_colors(opened.info, header, warn), warn=warn)
        if is_read_forwards(header):
            stream.release_behind()
        guard = partial(limited, limit, SOURCES[header.format].threads)
        with report.timed("resize"):
            frames = decode(opened, header, wanted_size(header, sizes), guard)
            decoded = report.each("decode", clock.each(frames))
            decoded = chain([next(decoded)], decoded)
            report.header = header = after_pixels(opened, header, limits)
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


def _encode(picture: Picture, settings: Settings, report: ReportBuilder, clock: Clock) -> Iterator[Rendition]:
    """Each planned rendition in turn, widest first; those that ask for the same picture share its bytes."""
    encoding = Encoding(quality=settings.quality, exif=picture.exif, loop=picture.loop, before_each_frame=clock.need)
    encoded: dict[tuple[tuple[int, int], str], bytes] = {}
    to_come = Counter((step.size, step.format) for step in picture.plans)
    steps = report.each("resize", picture.steps)
    for step in picture.plans:
        frames = next(steps)
        clock.need()
        what = (step.size, step.format)
        if what not in encoded:
            with report.timed("encode"):
                encoded[what] = encoding.encode(frames, step.format)
        del frames  # or they would be held while the next are made
        to_come[what] -= 1
        yield Rendition(step, encoded[what] if to_come[what] else encoded.pop(what))  # kept no longer than needed


def _store(
    renditions: Iterator[Rendition],
    plans: list[RenditionPlan],
    write_one: Callable[[Rendition], bool],
    uploads: list[Upload],
    clock: Clock,
) -> None:
    """Upload each rendition while the next is made; add each that is stored to `uploads`."""
    try:
        upload_all(renditions, write_one, uploads, clock)
    except OutOfTime as problem:
        written = sorted(upload.plan.key for upload in uploads)
        missing = [step.key for step in plans if step.key not in written]
        raise OutOfTime(f"{problem} Written: {written}; not written: {missing}.") from problem
