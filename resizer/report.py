"""Reports what happened to one source: its entry in the answer, and its log fields."""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, TypeVar

from resizer.memory.process import peak, reset_peak

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from resizer.errors import Reason
    from resizer.model import Header, RenditionPlan, SourceObject
    from resizer.publish.manifest import Manifest
    from resizer.s3.stream import SourceStream


Item = TypeVar("Item")


class Outcome(StrEnum):
    """How the work on a source ended, as answers, logs and metrics call it."""

    RESIZED = "resized"
    SKIPPED = "skipped"
    REJECTED = "rejected"
    REMOVED = "removed"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class StoredRendition:
    """A rendition in S3: its plan and its size in bytes."""

    plan: RenditionPlan
    size: int

    def answer(self) -> dict[str, Any]:
        """Its entry in the answer."""
        return {
            "name": self.plan.name,
            "key": self.plan.key,
            "width": self.plan.width,
            "height": self.plan.height,
            "bytes": self.size,
            "content_type": self.plan.content_type,
        }


@dataclass(frozen=True, slots=True)
class Removed:
    """Keys of a bucket that no longer exist."""

    bucket: str
    keys: tuple[str, ...]


@dataclass(slots=True)
class ReportBuilder:
    """Collects facts about a source during the work; times of stages are in milliseconds.

    `decode` includes waiting for the download. `upload` is the sum of all uploads, which overlap with each other and
    with encoding.
    """

    source: SourceObject
    header: Header | None = None
    etag: str | None = None
    bytes_in: int = 0
    milliseconds: dict[str, float] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    started: float = field(default_factory=time.perf_counter)
    _within: float = 0.0
    own_peak: bool = field(default_factory=reset_peak)

    @contextmanager
    def timed(self, stage: str) -> Iterator[None]:
        """Add the block's time to a stage, without the stages timed inside the block."""
        begin, outer, self._within = time.perf_counter(), self._within, 0.0
        try:
            yield
        finally:
            spent = (time.perf_counter() - begin) * 1000
            self.add(stage, spent - self._within)
            self._within = outer + spent

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
        """Record the ETag and the number of bytes that the block downloads, even if it raises."""
        self.etag = stream.metadata.etag
        try:
            yield
        finally:
            self.bytes_in = stream.fetched

    def add(self, stage: str, milliseconds: float) -> None:
        """Add to a stage's time."""
        self.milliseconds[stage] = self.milliseconds.get(stage, 0.0) + milliseconds

    def build(
        self,
        outcome: Outcome,
        reason: Reason | None = None,
        detail: str | None = None,
        manifest: Manifest | None = None,
        removed: Removed | None = None,
    ) -> Report:
        """The finished report."""
        total = (time.perf_counter() - self.started) * 1000
        return Report(
            source=self.source,
            outcome=outcome,
            reason=reason,
            detail=detail,
            manifest=manifest,
            removed=removed,
            header=self.header,
            etag=self.etag or self.source.etag,
            bytes_in=self.bytes_in,
            milliseconds=dict(self.milliseconds),
            total_ms=total,
            warnings=tuple(self.warnings),
            peak_rss=peak() if self.own_peak else None,
        )


@dataclass(frozen=True, slots=True)
class Report:
    """The result for one source.

    `manifest` describes the renditions, if all of them exist; `removed` names the keys that no longer exist. `etag` is
    the download's, or else the event's. `bytes_in` counts downloaded bytes, `total_ms` is wall time in milliseconds.
    `peak_rss` is the process's peak memory in bytes during this source, None if the system only knows the peak since
    the process started.
    """

    source: SourceObject
    outcome: Outcome
    reason: Reason | None
    detail: str | None
    manifest: Manifest | None
    removed: Removed | None
    header: Header | None
    etag: str | None
    bytes_in: int
    milliseconds: dict[str, float]
    total_ms: float
    warnings: tuple[str, ...] = ()
    peak_rss: int | None = None

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
            "renditions": [rendition.answer() for rendition in self.renditions],
            "placeholder": placeholder and asdict(placeholder),
        }

    def log_fields(self) -> dict[str, Any]:
        """The structured fields of this source's log line; times in milliseconds, memory in bytes, sizes upright."""
        times = {f"{stage}_ms": round(self.milliseconds.get(stage, 0.0), 1) for stage in STAGES}
        return {
            "bucket": self.source.bucket,
            "key": self.source.key,
            "outcome": str(self.outcome),
            "reason": self.reason and str(self.reason),
            "detail": self.detail,
            "source_bytes": self.bytes_in,
            "format": self.header and self.header.format,
            "width": self.header and self.header.upright_size[0],
            "height": self.header and self.header.upright_size[1],
            "pixels": self.header and self.header.pixels,
            "rendition_sizes": [f"{each.plan.width}x{each.plan.height}" for each in self.renditions],
            "rendition_bytes": self.bytes_out,
            **times,
            "total_ms": round(self.total_ms, 1),
            "warnings": list(self.warnings),
            "peak_rss": self.peak_rss,
        }


STAGES = ("decode", "resize", "encode", "upload")
