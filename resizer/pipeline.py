"""The way of one image, from its event to its renditions."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import IO, TYPE_CHECKING, Final, cast

from resizer.carried import carried_headers
from resizer.color import to_srgb
from resizer.deadline import Deadline, seconds_to_decode
from resizer.decode import decode
from resizer.encode import encode
from resizer.errors import AlreadyDone, NothingToDo, OutOfTime, Rejected
from resizer.guard import reason_to_skip
from resizer.header import Limits, is_read_forwards, open_image
from resizer.metadata import kept_exif
from resizer.model import Rendition
from resizer.process_memory import below, ceiling, left
from resizer.renditions import check_key_length, extra_formats, plan
from resizer.report import Journal, Outcome, Report, StoredRendition
from resizer.resample import MULTIPLIES_IN_PLACE, cascade, largest
from resizer.source import open_source
from resizer.store import Destination, Provenance, write
from resizer.uploads import Upload, upload_all

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from resizer.model import Frame, RenditionPlan, SourceMetadata, SourceObject
    from resizer.s3 import S3
    from resizer.settings import Settings


ALWAYS: Final = Deadline()


@dataclass(frozen=True, slots=True)
class Picture:
    """A source, decoded: its frames upright, in sRGB and as wide as the widest of its planned renditions."""

    frames: list[Frame]
    plans: list[RenditionPlan]
    exif: bytes
    loop: int | None
    metadata: SourceMetadata

    def destination(self, source: SourceObject, settings: Settings) -> Destination:
        """Where its renditions go, and what they have in common there."""
        provenance = Provenance.of(source, self.metadata, settings.recipe)
        return Destination(source.bucket, provenance, carried_headers(self.metadata.headers, settings))


def process(source: SourceObject, settings: Settings, s3: S3, deadline: Deadline = ALWAYS) -> Report:
    """Make every rendition of one source and tell how it went.

    Whatever trying again could help with is raised: `StorageError`, `OutOfTime`, and anything unforeseen.
    """
    journal = Journal(source)
    if reason := reason_to_skip(source, settings):
        return journal.close(Outcome.SKIPPED, reason, None)
    try:
        check_key_length(source.key, settings)
        picture = _fetch(source, settings, s3, deadline, journal)
        renditions = _encode(picture, settings, deadline, journal)
        stored = _store(renditions, picture.plans, partial(write, s3, picture.destination(source, settings)), journal)
    except NothingToDo as nothing:
        return journal.close(Outcome.SKIPPED, nothing.reason, str(nothing))
    except Rejected as rejection:
        return journal.close(Outcome.REJECTED, rejection.reason, rejection.detail)
    return journal.close(Outcome.RESIZED, None, None, stored)


def _fetch(source: SourceObject, settings: Settings, s3: S3, deadline: Deadline, journal: Journal) -> Picture:
    """Download and decode at once; nothing is decoded that the header forbids."""
    widest = settings.widths[0]
    with open_source(s3, source, settings.max_bytes, deadline.check) as stream, journal.counting(stream):
        room = left(settings.function_memory)
        limits = Limits(settings.max_pixels, room, widest, stream.size, extra_formats(settings), MULTIPLIES_IN_PLACE)
        guard = partial(below, ceiling(room))
        with journal.timed("decode"), guard():
            opened, header = open_image(cast("IO[bytes]", stream), limits)
        journal.header = header
        plans = plan(source.key, header, settings)
        deadline.check(seconds_to_decode(header, settings.function_memory))
        exif = kept_exif(opened, settings.keep_metadata)
        finish = partial(to_srgb, profile=opened.info.get("icc_profile"), warn=journal.warnings.append)
        if is_read_forwards(header):
            stream.release_behind()
        with journal.timed("resize"):
            decoded = journal.each("decode", deadline.each(decode(opened, header, widest, guard)))
            frames = largest(decoded, header, plans[0].size, finish)
    return Picture(frames, plans, exif, header.loop, stream.metadata)


def _encode(picture: Picture, settings: Settings, deadline: Deadline, journal: Journal) -> Iterator[Rendition]:
    """Each planned rendition in turn, widest first; those that ask for the same picture share its bytes."""
    encoded: dict[tuple[tuple[int, int], str], bytes] = {}
    steps = journal.each("resize", cascade(picture.frames, [step.size for step in picture.plans]))
    for step, frames in zip(picture.plans, steps, strict=True):
        deadline.check()
        what = (step.size, step.format)
        if what not in encoded:
            with journal.timed("encode"):
                encoded[what] = encode(
                    frames, step.format, settings.quality, picture.exif, picture.loop, deadline.check
                )
        yield Rendition(step, encoded[what])


def _store(
    renditions: Iterator[Rendition],
    plans: list[RenditionPlan],
    write_one: Callable[[Rendition], bool],
    journal: Journal,
) -> tuple[StoredRendition, ...]:
    """Upload each rendition while the next is made. Raises `AlreadyDone` where all of them stood already."""
    uploads: list[Upload] = []
    try:
        upload_all(renditions, write_one, uploads)
    except OutOfTime as problem:
        written = sorted(upload.plan.key for upload in uploads)
        missing = [step.key for step in plans if step.key not in written]
        raise OutOfTime(f"{problem} Written: {written}; not written: {missing}.") from problem
    journal.add("upload", sum(upload.milliseconds for upload in uploads))
    if not any(upload.written for upload in uploads):
        raise AlreadyDone(f"All renditions of {journal.source.uri} stand already.")
    narrowest_first = sorted(uploads, key=lambda upload: upload.plan.width)
    return tuple(StoredRendition(upload.plan, upload.size) for upload in narrowest_first)
