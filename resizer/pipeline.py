"""The steps of one image, in order: from the source that an event names to its renditions in S3."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache, partial
from itertools import chain
from typing import IO, NamedTuple, cast

from PIL.Image import Image

from resizer import deadline
from resizer.color.srgb import source_colors, to_srgb
from resizer.decode.frames import decode
from resizer.decode.header import after_pixels, limits_for, open_image
from resizer.encode import Encoding, encode_each
from resizer.errors import OutOfTime
from resizer.formats import SOURCES
from resizer.layout.attention import focus
from resizer.layout.compose import compose_each, load_overlays
from resizer.layout.views import at_views, small_copy
from resizer.memory.process import limited, memory_limit
from resizer.metadata.exif import kept_exif
from resizer.model import Frame, Header, Placeholder, RenditionPlan, SourceObject
from resizer.planning.geometry import FOCAL_POINT, Point, focal_point, wanted_size
from resizer.planning.guard import reason_to_skip
from resizer.planning.outputs import check_key_length, manifest_key, outputs, plan
from resizer.publish.manifest import Manifest
from resizer.publish.placeholder import placeholder_of
from resizer.report import Outcome, Report
from resizer.s3 import S3
from resizer.s3.source import open_source
from resizer.s3.stream import SourceStream
from resizer.settings import Settings
from resizer.settings.rules import RenditionSpec, Rule
from resizer.store.object_headers import headers_for
from resizer.store.reconcile import Reconciler
from resizer.store.uploads import upload_all
from resizer.store.writer import Writer


def process(source: SourceObject, settings: Settings, s3: S3, report: Report | None = None) -> Report:
    """Make or delete the renditions of one source, so that they match it, and report what was done.

    Raises only errors that a retry may fix: `StorageError`, `OutOfTime` and anything unexpected. `report` then has the
    facts so far.
    """
    report = report or Report(source)
    settings = settings.with_widths(source.widths).for_bucket(source.bucket)
    if reason := reason_to_skip(source, settings):
        return report.finish(Outcome.SKIPPED, reason)
    make = partial(make_renditions, settings=settings, s3=s3, report=report)
    try:
        return Reconciler(source, settings, s3, report, make).reconcile()
    except OutOfTime as late:
        raise OutOfTime(f"{source.uri} will be tried again. {late}") from late


def make_renditions(source: SourceObject, *, settings: Settings, s3: S3, report: Report) -> tuple[Manifest, bool]:
    """Download, decode, resize, encode and store one source; the steps overlap.

    Returns the manifest, and whether anything was written. Raises the same errors as `process`, and `Rejected`.
    """
    report.stored, report.warnings = [], []  # of an earlier attempt
    check_key_length(source.key, settings)
    with open_source(s3, source, settings.max_bytes) as stream, report.counting(stream):
        picture = decode_source(stream, source=source, settings=settings, report=report)
    decoded = partial(whole_picture, settings=settings, s3=s3)
    overlays = load_overlays(source.bucket, settings.watermarks, picture.plans, decoded)
    composed = compose_each(report.each("resize", picture.frames), picture.plans, overlays)
    encoding = Encoding(exif=picture.exif, loop=picture.header.loop)
    encoded = report.each("encode", encode_each(encoding, picture.plans, composed))
    bucket = settings.output_bucket_for(source)
    headers = headers_for(stream.headers, settings, settings.rule_for(source.key))
    recipes = outputs(source.key, settings)
    focal = picture.focal and ",".join(map(str, picture.focal))
    writer = Writer(s3, bucket, source, stream.etag, headers, recipes, picture.placeholder, focal)
    upload_all(encoded, writer.write, report, picture.plans)
    manifest = Manifest(
        source=source,
        etag=stream.etag,
        size=stream.headers.get("ContentLength"),
        header=picture.header,
        bucket=bucket,
        renditions=tuple(sorted(report.stored, key=lambda each: each.plan.rank())),  # equal ranks keep their order
        placeholder=picture.placeholder,
    )
    written = any(each.written for each in report.stored)
    if key := manifest_key(source.key, settings):
        with report.timed("upload"):
            written |= writer.write_manifest(key, manifest.body())
    return manifest, written


class Picture(NamedTuple):
    """A decoded source: its frames upright and in sRGB, at the size of each planned rendition in turn."""

    header: Header
    plans: list[RenditionPlan]
    frames: Iterator[Sequence[Frame]]
    exif: bytes
    placeholder: Placeholder | None
    focal: Point | None


def decode_source(stream: SourceStream, *, source: SourceObject, settings: Settings, report: Report) -> Picture:
    """Decode during the download. Raises `Rejected` before decoding if the header exceeds a limit."""
    warn = report.warnings.append
    focal = focal_point(stream.headers.get("Metadata", {}).get(FOCAL_POINT), warn)
    plan_for = partial(plan, source.key, settings=settings, focal=focal)
    limits = limits_for(settings, stream.size, plan_for)
    limit = memory_limit(limits.memory)
    with report.timed("decode"):
        image, header = open_image(cast("IO[bytes]", stream), limits, warn, partial(limited, limit))
    report.header = header
    wanted = wanted_size(header, [each.placement.view for each in plan_for(header)])
    deadline.need(deadline.seconds_to_decode(header, settings.function_memory))
    finish = partial(to_srgb, colors=source_colors(image.info, header, warn), warn=warn)
    with report.timed("resize"):
        guard = partial(limited, limit, SOURCES[header.format].threads)
        frames = report.each("decode", decode(image, header, wanted, guard))
        first = next(frames)
        report.header = header = after_pixels(image, header, limits)
        small = cache(partial(small_copy, first, header, finish))
        plans = focus(plan_for(header), header, small)
        placeholder = placeholder_of(small()) if settings.rule_for(source.key).placeholder else None
        exif = kept_exif(image, settings.keep_metadata, warn)
        views = [each.placement.view for each in plans]
        upright = at_views(chain([first], frames), header, views, finish)
        return Picture(header, plans, upright, exif, placeholder, focal)


def whole_picture(source: SourceObject, *, settings: Settings, s3: S3) -> Image:
    """A watermark's picture, upright and in sRGB. Raises the same errors as `make_renditions`."""
    settings = replace(settings, rules=(), defaults=Rule(renditions=(RenditionSpec(name="watermark"),)))
    report = Report(source, own_peak=False)  # the picture under the watermark reports the peak
    with open_source(s3, source, settings.max_bytes) as stream:
        picture = decode_source(stream, source=source, settings=settings, report=report)
    return next(picture.frames)[0].pixels
