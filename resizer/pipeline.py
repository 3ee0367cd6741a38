"""The steps of one image, in order: from the event's source to its renditions in S3."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache, partial
from itertools import chain
from typing import IO, TYPE_CHECKING, Final, cast

from resizer.color.srgb import source_colors, to_srgb
from resizer.deadline import Clock, seconds_to_decode
from resizer.decode.frames import decode
from resizer.decode.header import after_pixels, is_read_forwards, open_image
from resizer.decode.limits import Limits
from resizer.encode import Encoding, encode_each
from resizer.errors import OutOfTime, Rejected
from resizer.formats import SOURCES
from resizer.layout.attention import focus
from resizer.layout.compose import compose_each, load_overlays
from resizer.layout.views import at_views, small_copy
from resizer.memory.process import available, limited, memory_limit, return_freed_memory
from resizer.metadata.exif import kept_exif
from resizer.model import RenditionPlan
from resizer.planning.geometry import FOCAL_POINT, focal_point, wanted_size
from resizer.planning.guard import reason_to_skip
from resizer.planning.outputs import check_key_length, manifest_key, outputs, plan
from resizer.publish.manifest import Manifest
from resizer.publish.placeholder import placeholder_of
from resizer.report import Outcome, Report, ReportBuilder, StoredRendition
from resizer.resize import MULTIPLIES_IN_PLACE, release_buffers
from resizer.s3.source import open_source
from resizer.settings.rules import RenditionSpec, Rule
from resizer.store.object_headers import headers_for
from resizer.store.provenance import Provenance
from resizer.store.reconcile import Reconciler, RenditionSet
from resizer.store.uploads import Upload, upload_all
from resizer.store.writer import Destination, write, write_manifest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from PIL.Image import Image

    from resizer.model import Frame, Header, Placeholder, SourceMetadata, SourceObject
    from resizer.s3 import S3
    from resizer.s3.stream import SourceStream
    from resizer.settings import Settings

CLOCK: Final = Clock()


@dataclass(frozen=True, slots=True)
class Picture:
    """A decoded source: its frames upright and in sRGB, at the size of each planned rendition in turn."""

    plans: list[RenditionPlan]
    frames: Iterator[Sequence[Frame]]
    exif: bytes
    header: Header
    metadata: SourceMetadata
    placeholder: Placeholder | None


def process(
    source: SourceObject, settings: Settings, s3: S3, clock: Clock = CLOCK, report: ReportBuilder | None = None
) -> Report:
    """Make or delete the renditions of one source, so that they match it, and report what was done.

    Raises only errors that a retry may cure: `StorageError`, `OutOfTime` and anything unexpected. `report` then holds
    what was known so far.
    """
    report = report or ReportBuilder(source)
    settings = settings.with_widths(source.widths).for_bucket(source.bucket)
    if reason := reason_to_skip(source, settings):
        return report.build(Outcome.SKIPPED, reason)
    make = partial(make_renditions, settings=settings, s3=s3, clock=clock, report=report)
    try:
        result = Reconciler(source, settings, s3, make).reconcile()
    except OutOfTime as late:
        raise OutOfTime(f"{source.uri} will be tried again. {late}") from late
    return report.build(result.outcome, result.reason, result.detail, result.manifest, result.removed)


def make_renditions(
    source: SourceObject, *, settings: Settings, s3: S3, clock: Clock, report: ReportBuilder
) -> RenditionSet:
    """Download, decode, resize, encode and store one source. The steps overlap.

    Raises the same errors as `process`, and `Rejected` with the source's ETag and whether some renditions were stored.
    """
    uploads: list[Upload] = []
    try:
        check_key_length(source.key, settings)
        with open_source(s3, source, settings.max_bytes, clock.need) as stream, report.counting(stream):
            picture = open_and_decode(stream, source=source, settings=settings, clock=clock, report=report)
        decoded = partial(whole_picture, settings=settings, s3=s3, clock=clock)
        overlays = load_overlays(source.bucket, settings.watermarks, picture.plans, decoded)
        composed = compose_each(report.each("resize", picture.frames), picture.plans, overlays)
        encoding = Encoding(exif=picture.exif, loop=picture.header.loop, before_each_frame=clock.need)
        renditions = report.each("encode", encode_each(encoding, picture.plans, composed))
        headers = headers_for(picture.metadata.headers, settings, settings.rule_for(source.key))
        there, provenance = settings.output_bucket_for(source), Provenance.of(source, picture.metadata)
        destination = Destination(there, source, provenance, headers, picture.placeholder)
        upload_all(renditions, partial(write, s3, destination), uploads, clock, planned=picture.plans)
        manifest = describe(picture, uploads, destination)
        with report.timed("upload"):
            written = store_manifest(manifest, destination, settings, s3)
    except Rejected as rejection:
        rejection.etag = source.etag or report.etag
        rejection.partly_stored = bool(uploads)
        raise
    report.add("upload", sum(upload.milliseconds for upload in uploads))
    return RenditionSet(manifest, written or any(upload.written for upload in uploads))


def describe(picture: Picture, uploads: Sequence[Upload], destination: Destination) -> Manifest:
    """The manifest of a source whose renditions are all stored."""
    sizes = {upload.plan.key: upload.size for upload in uploads}
    in_order = sorted(picture.plans, key=RenditionPlan.rank)  # equal ranks keep the settings' order of formats
    return Manifest(
        source=destination.source,
        etag=picture.metadata.etag,
        size=picture.metadata.stored_size,
        header=picture.header,
        bucket=destination.bucket,
        renditions=tuple(StoredRendition(plan, sizes[plan.key]) for plan in in_order),
        placeholder=picture.placeholder,
    )


def store_manifest(manifest: Manifest, destination: Destination, settings: Settings, s3: S3) -> bool:
    """Write the manifest, if the source gets one, after everything that it names. False if nothing was written."""
    key = manifest_key(manifest.source.key, settings)
    if key is None:
        return False
    recipe = outputs(manifest.source.key, settings)[key]
    return write_manifest(s3, destination, key, manifest.body(), recipe)


def open_and_decode(
    stream: SourceStream, *, source: SourceObject, settings: Settings, clock: Clock, report: ReportBuilder
) -> Picture:
    """Decode during the download. Raises `Rejected` before decoding if the header exceeds a limit."""
    warn = report.warnings.append
    focal = focal_point(stream.metadata.headers.get("Metadata", {}).get(FOCAL_POINT), warn)
    plan_for = partial(plan, source.key, settings=settings, focal=focal)
    limits = limits_for(settings, stream.size, plan_for)
    limit = memory_limit(limits.memory)
    with report.timed("decode"), limited(limit):
        image, header = open_image(cast("IO[bytes]", stream), limits, warn)
    report.header = header
    wanted = wanted_size(header, [each.placement.view for each in plan_for(header)])
    clock.need(seconds_to_decode(header, settings.function_memory))
    finish = partial(to_srgb, colors=source_colors(image.info, header, warn), warn=warn)
    if is_read_forwards(header):
        stream.release_behind()
    with report.timed("resize"):
        guard = partial(limited, limit, SOURCES[header.format].threads)
        frames = report.each("decode", clock.each(decode(image, header, wanted, guard)))
        first = next(frames)
        report.header = header = after_pixels(image, header, limits)
        small = cache(partial(small_copy, first, header, finish))
        plans = focus(plan_for(header), header, small)
        placeholder = placeholder_of(small()) if settings.rule_for(source.key).placeholder else None
        exif = kept_exif(image, settings.keep_metadata, warn)
        views = [each.placement.view for each in plans]
        pictures = at_views(chain([first], frames), header, views, finish)
    return Picture(plans, pictures, exif, header, stream.metadata, placeholder)


def whole_picture(source: SourceObject, *, settings: Settings, s3: S3, clock: Clock) -> Image:
    """A watermark's picture, upright and in sRGB. Raises the same errors as `make_renditions`."""
    settings = replace(settings, rules=(), defaults=Rule(renditions=(RenditionSpec(name="watermark"),)))
    report = ReportBuilder(source, own_peak=False)  # the peak is that of the picture below it
    with open_source(s3, source, settings.max_bytes, clock.need) as stream:
        picture = open_and_decode(stream, source=source, settings=settings, clock=clock, report=report)
    return next(picture.frames)[0].pixels


def limits_for(settings: Settings, file_size: int, plan_for: Callable[[Header], list[RenditionPlan]]) -> Limits:
    """The limits on an image in this function, with the memory that is available now."""

    @cache
    def reclaim() -> int | None:
        release_buffers()
        return_freed_memory()
        return available(settings.function_memory)

    return Limits(
        max_pixels=settings.max_pixels,
        planned=plan_for,
        file_size=file_size,
        memory=available(settings.function_memory),
        multiplies_in_place=MULTIPLIES_IN_PLACE,
        reclaim=reclaim,
    )
