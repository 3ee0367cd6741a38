"""Makes the renditions match their source, in any order of events.

For an ordinary upload we write the renditions, then check with one HEAD that the source has not changed. S3 has no
conditions across objects, so the HEAD comes after the PUTs: it sees every earlier change, and a later change has its
own event, whose handler sees these renditions.

Every other case follows one rule: list the renditions, HEAD the source, compare, and correct. The source may have been
deleted, overwritten or rejected in the meantime, or an earlier attempt may have ended half way. After deleting we HEAD
the source again, too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Final, NamedTuple

from resizer.errors import (
    NewerRenditionExists,
    NothingToDo,
    Reason,
    Rejected,
    SourceChanged,
    SourceGone,
    StorageError,
    Superseded,
)
from resizer.model import Change, SourceObject
from resizer.planning.outputs import outputs
from resizer.report import Outcome, Removed, Report
from resizer.s3 import S3
from resizer.s3.requests import delete, head
from resizer.s3.source import current_etag
from resizer.settings import Settings
from resizer.store import uploads
from resizer.store.provenance import Provenance

if TYPE_CHECKING:
    from resizer.publish.manifest import Manifest

ATTEMPTS: Final = 5  # each failed one means that the source changed again


class ExistingRendition(NamedTuple):
    """A rendition in S3: its key, its own ETag and its provenance."""

    key: str
    etag: str
    provenance: Provenance


@dataclass(frozen=True, slots=True)
class Reconciler:
    """Makes the renditions of `source` match it, and finishes its report.

    `make` downloads an upload of the source, makes its renditions and stores them. It returns their manifest, and
    whether anything was written.
    """

    source: SourceObject
    settings: Settings
    s3: S3
    report: Report
    make: Callable[[SourceObject], tuple[Manifest, bool]]

    def reconcile(self) -> Report:
        """Make or delete renditions until they match the source.

        Raises `OutOfTime`, and `StorageError` if S3 fails or the source keeps changing.
        """
        forwards = self.settings.forwards(self.source)
        problem: NothingToDo | Rejected | None = None
        if self.source.change is Change.CREATED:
            try:
                return self._make(self.source)
            except (NothingToDo, Rejected) as failure:
                problem = failure
        for _ in range(ATTEMPTS):
            if isinstance(problem, Rejected) and problem.reason is Reason.NEEDS_MEMORY and forwards:
                return self._end(problem)  # the large function also corrects existing renditions
            try:
                return self._settle(problem)
            except NewerRenditionExists as newer:
                return self._end(newer)
            except NothingToDo as change:
                problem = change
            except Rejected as rejection:
                if rejection.etag is None:  # even HEAD is denied
                    return self._end(rejection)
                problem = rejection
        raise StorageError(f"{self.source.uri} changes faster than it can be resized. It will be tried again.")

    def _make(self, source: SourceObject) -> Report:
        try:
            manifest, written = self.make(source)
        except Rejected as rejection:
            rejection.etag = source.etag or self.report.etag
            raise
        if not self._source_unchanged(manifest.etag):
            raise SourceChanged(f"{source.uri} has changed while its renditions were written.")
        self.report.manifest = manifest
        if written:
            return self.report.finish(Outcome.RESIZED)
        return self.report.finish(Outcome.SKIPPED, Reason.ALREADY_DONE, "All renditions exist already.")

    def _settle(self, problem: NothingToDo | Rejected | None) -> Report:
        """Compare the renditions with the source and correct them; `problem` is the last attempt's error."""
        recipes = outputs(self.source.key, self.settings)
        existing = self._list_existing(list(recipes))
        if not existing and isinstance(problem, (SourceGone, Superseded, Rejected)):
            return self._delete_all(existing) if isinstance(problem, SourceGone) else self._end(problem)
        etag = current_etag(self.s3, self.source)
        if etag is None:
            return self._delete_all(existing)
        current = {each.key: each.provenance.recipe for each in existing if each.provenance.etag == etag}
        if current == recipes:
            return self.report.finish(Outcome.SKIPPED, Reason.SUPERSEDED, "The renditions are up to date.")
        if isinstance(problem, Rejected) and problem.etag == etag:
            return self._reject(problem, existing)
        # An earlier attempt at this event may have written renditions and ended before its HEAD.
        ours = {self.source.sequencer, None}
        perhaps_ours = ours == {None} or any(each.provenance.sequencer in ours for each in existing)
        if isinstance(problem, (SourceGone, Superseded)) and not perhaps_ours:
            return self._end(problem)
        return self._make(replace(self.source, change=Change.CREATED, etag=etag, size=None, version_id=None))

    def _list_existing(self, keys: Sequence[str]) -> list[ExistingRendition]:
        """Find this source's renditions among these keys, with one HEAD each, a few at a time."""
        answers = uploads.executor.map(partial(head, self.s3, self._bucket), keys)
        found = [
            ExistingRendition(key, answer["ETag"], Provenance.read(answer["Metadata"]))
            for key, answer in zip(keys, answers, strict=True)
            if answer
        ]
        return [each for each in found if each.provenance.is_of(self.source)]

    def _delete_all(self, existing: Sequence[ExistingRendition]) -> Report:
        """Delete the renditions of a deleted source, if the settings allow it."""
        if self._may_delete:
            if existing:
                self._delete(existing, None)
            self.report.removed = Removed(self._bucket, tuple(outputs(self.source.key, self.settings)))
            if existing:
                return self.report.finish(Outcome.REMOVED, None, f"{len(existing)} objects were deleted.")
        reason = Reason.ALREADY_DONE if self._may_delete else Reason.KEPT
        if self.source.change is Change.CREATED:
            reason = Reason.SOURCE_GONE
        return self.report.finish(Outcome.SKIPPED, reason, "The source does not exist.")

    def _reject(self, rejection: Rejected, existing: Sequence[ExistingRendition]) -> Report:
        """Delete renditions of earlier uploads, and those stored before this upload was rejected."""
        partly = bool(self.report.stored)
        wrong = [each for each in existing if (partly if each.provenance.etag == rejection.etag else self._may_delete)]
        if wrong:
            self._delete(wrong, rejection.etag)
        return self._end(rejection)

    def _delete(self, renditions: Sequence[ExistingRendition], etag: str | None) -> None:
        """Delete renditions. Raises `SourceChanged` if a rendition or the source has changed since they were listed."""
        unchanged = all(delete(self.s3, self._bucket, each.key, each.etag) for each in renditions)
        if not unchanged or not self._source_unchanged(etag):
            raise SourceChanged(f"{self.source.uri} has changed while renditions were deleted.")

    def _source_unchanged(self, etag: str | None) -> bool:
        """Whether the source still has this ETag; None means that it does not exist."""
        return current_etag(self.s3, self.source) == etag

    @property
    def _bucket(self) -> str:
        """The bucket of the renditions."""
        return self.settings.output_bucket_for(self.source)

    @property
    def _may_delete(self) -> bool:
        return self.settings.on_delete == "remove"

    def _end(self, problem: NothingToDo | Rejected) -> Report:
        if isinstance(problem, Rejected):
            return self.report.finish(Outcome.REJECTED, problem.reason, problem.detail)
        return self.report.finish(Outcome.SKIPPED, problem.reason, str(problem))
