"""Reports what happened to one source: its entry in the answer, and its log fields."""

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any, Final, NamedTuple, Self, TypeVar

from resizer.errors import Reason
from resizer.memory.process import peak, reset_peak
from resizer.model import Header, SourceObject, StoredRendition
from resizer.publish.manifest import Manifest
from resizer.s3.stream import SourceStream

Item = TypeVar("Item")

STAGES: Final = ("decode", "resize", "encode", "upload")


class Outcome(StrEnum):
    """The outcome of a source, as it is in answers, logs and metrics."""

    RESIZED = "resized"
    SKIPPED = "skipped"
    REJECTED = "rejected"
    REMOVED = "removed"
    FAILED = "failed"


class Removed(NamedTuple):
    """Keys of a bucket that no longer exist."""

    bucket: str
    keys: tuple[str, ...]


@dataclass(slots=True)
class Report:
    """Facts about the work on one source, and its outcome.

    `manifest` describes the renditions, if all of them exist; `removed` names the keys that no longer exist. `etag` is
    that of the download, or else of the event. `bytes_in` counts downloaded bytes. `stored` and `warnings` are those of
    the last attempt, in the order of the work. Times are in milliseconds: `decode` includes waiting for the download,
    `upload` is the sum of all uploads, which overlap with each other and with encoding. `peak_rss` is the process's
    peak memory in bytes during the work, None if the system only knows the peak since the process started.
    """

    source: SourceObject
    outcome: Outcome = Outcome.FAILED
    reason: Reason | None = None
    detail: str | None = None
    manifest: Manifest | None = None
    removed: Removed | None = None
    header: Header | None = None
    etag: str | None = None
    bytes_in: int = 0
    stored: list[StoredRendition] = field(default_factory=list)
    milliseconds: dict[str, float] = field(default_factory=lambda: dict.fromkeys(STAGES, 0.0))
    warnings: list[str] = field(default_factory=list)
    total_ms: float = 0.0
    peak_rss: int | None = None
    _started: float = field(default_factory=time.perf_counter)
    _nested: float = 0.0  # milliseconds of the stages within the current one
    own_peak: bool = field(default_factory=reset_peak)

    def finish(self, outcome: Outcome, reason: Reason | None = None, detail: str | None = None) -> Self:
        """Set the outcome; returns the same report."""
        self.outcome, self.reason, self.detail = outcome, reason, detail
        self.etag = self.etag or self.source.etag
        self.total_ms = (time.perf_counter() - self._started) * 1000
        self.peak_rss = peak() if self.own_peak else None
        return self

    @contextmanager
    def timed(self, stage: str) -> Iterator[None]:
        """Add the block's time to a stage, without the stages timed inside the block."""
        begin, outer, self._nested = time.perf_counter(), self._nested, 0.0
        try:
            yield
        finally:
            spent = (time.perf_counter() - begin) * 1000
            self.milliseconds[stage] += spent - self._nested
            self._nested = outer + spent

    def each(self, stage: str, items: Iterable[Item]) -> Iterator[Item]:
        """Yield the items, and add the time to make each of them to a stage."""
        remaining = iter(items)
        while True:
            with self.timed(stage):
                item = next(remaining, None)
            if item is None:
                return
            yield item
            del item  # frees it before the next one is made

    @contextmanager
    def counting(self, stream: SourceStream) -> Iterator[None]:
        """Record the ETag, and add the number of bytes that the block downloads, even if it raises."""
        self.etag = stream.etag
        try:
            yield
        finally:
            self.bytes_in += stream.fetched

    @property
    def renditions(self) -> tuple[StoredRendition, ...]:
        """The renditions that exist, sorted by width, height and name; empty if that was not checked."""
        return self.manifest.renditions if self.manifest else ()

    @property
    def bytes_out(self) -> int:
        """The total size of the renditions in bytes."""
        return sum(rendition.size for rendition in self.renditions)

    def answer(self) -> dict[str, Any]:
        """This source's entry in the answer's `results`."""
        placeholder = self.manifest and self.manifest.placeholder
        return {
            "bucket": self.source.bucket,
            "key": self.source.key,
            "outcome": str(self.outcome),
            "reason": self.reason and str(self.reason),
            "renditions": [{**each.described(), "content_type": each.plan.content_type} for each in self.renditions],
            "placeholder": placeholder and asdict(placeholder),
        }

    def log_fields(self) -> dict[str, Any]:
        """The structured fields of this source's log line; times in milliseconds, memory in bytes, sizes upright."""
        width, height = self.header.upright_size if self.header else (None, None)
        return {
            "bucket": self.source.bucket,
            "key": self.source.key,
            "outcome": str(self.outcome),
            "reason": self.reason and str(self.reason),
            "detail": self.detail,
            "source_bytes": self.bytes_in,
            "format": self.header and self.header.format,
            "width": width,
            "height": height,
            "pixels": self.header and self.header.pixels,
            "rendition_sizes": ["{}x{}".format(*each.plan.size) for each in self.renditions],
            "rendition_bytes": self.bytes_out,
            **{f"{stage}_ms": round(spent, 1) for stage, spent in self.milliseconds.items()},
            "total_ms": round(self.total_ms, 1),
            "warnings": self.warnings,
            "peak_rss": self.peak_rss,
        }
