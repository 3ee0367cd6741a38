"""Makes the renditions match their source, in any order of events.

For an ordinary upload we write the renditions, then check with one HEAD that the source has not changed. S3 has no
conditions across objects, so the HEAD comes after the PUTs: it sees every earlier change, and a later change has its
own event, whose handler sees these renditions.

Every other case follows one rule: list the renditions, HEAD the source, compare, and correct. The source may have been
deleted, overwritten or rejected in the meantime, or an earlier attempt may have died half way. After deleting we HEAD
the source again, too.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

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
from resizer.model import Change
from resizer.planning.outputs import outputs
from resizer.report import Outcome, Removed
from resizer.s3.source import current_etag
from resizer.settings.environment import OnDelete
from resizer.store.existing import delete_existing, list_existing

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from resizer.model import SourceObject
    from resizer.publish.manifest import Manifest
    from resizer.s3 import S3
    from resizer.settings import Settings
    from resizer.store.existing import ExistingRendition

ATTEMPTS: Final = 5  # each failed one means that the source changed again


@dataclass(frozen=True, slots=True)
class RenditionSet:
    """All renditions of one download, now in S3; `written` is False if all of them existed before."""

    manifest: Manifest
    written: bool


@dataclass(frozen=True, slots=True)
class Result:
    """How the work on a source ended: `manifest` describes existing renditions, `removed` names deleted keys."""

    outcome: Outcome
    reason: Reason | None = None
    detail: str | None = None
    manifest: Manifest | None = None
    removed: Removed | None = None


@dataclass(frozen=True, slots=True)
class Reconciler:
    """Makes the renditions of `source` match it; `make` downloads a source, makes its renditions and stores them."""

    source: SourceObject
    settings: Settings
    s3: S3
    make: Callable[[SourceObject], RenditionSet]

    def reconcile(self) -> Result:
        """Make or delete renditions until they match the source.

        Raises `OutOfTime`, and `StorageError` if S3 fails or the source keeps changing.
        """
        problem: NothingToDo | Rejected | None = None
        if self.source.change is Change.CREATED:
            try:
                return self._make(self.source)
            except (NothingToDo, Rejected) as failure:
                problem = failure
        for _ in range(ATTEMPTS):
            if isinstance(problem, Rejected) and self._is_forwarded(problem):
                return _ended(problem)
            try:
                return self._settle(problem)
            except NewerRenditionExists as newer:
                return _ended(newer)
            except NothingToDo as change:
                problem = change
            except Rejected as rejection:
                if rejection.etag is None:  # even HEAD is denied
                    return _ended(rejection)
                problem = rejection
        raise StorageError(f"{self.source.uri} changes faster than it can be resized. It will be tried again.")

    def _make(self, source: SourceObject) -> Result:
        made = self.make(source)
        if not self._source_unchanged(made.manifest.etag):
            raise SourceChanged(f"{source.uri} has changed while its renditions were written.")
        if made.written:
            return Result(Outcome.RESIZED, manifest=made.manifest)
        return Result(Outcome.SKIPPED, Reason.ALREADY_DONE, "All renditions exist already.", made.manifest)

    def _settle(self, problem: NothingToDo | Rejected | None) -> Result:
        """Compare the renditions with the source and correct them; `problem` is the last attempt's error."""
        recipes = outputs(self.source.key, self.settings)
        existing = list_existing(self.s3, self._bucket, self.source, list(recipes))
        if not existing and isinstance(problem, (SourceGone, Superseded, Rejected)):
            return self._delete_all(existing) if isinstance(problem, SourceGone) else _ended(problem)
        etag = current_etag(self.s3, self.source)
        if etag is None:
            return self._delete_all(existing)
        current = {each.key: each.provenance.recipe for each in existing if each.provenance.etag == etag}
        if current == recipes:
            return Result(Outcome.SKIPPED, Reason.SUPERSEDED, "The renditions are up to date.")
        if isinstance(problem, Rejected) and problem.etag == etag:
            return self._reject(problem, existing)
        if isinstance(problem, (SourceGone, Superseded)) and not self._may_have_written(existing):
            return _ended(problem)
        return self._make(replace(self.source, change=Change.CREATED, etag=etag, size=None, version_id=None))

    def _delete_all(self, existing: Sequence[ExistingRendition]) -> Result:
        """Delete the renditions of a deleted source, if the settings allow it."""
        keys = tuple(outputs(self.source.key, self.settings))
        removed = Removed(self._bucket, keys) if self._may_delete else None
        if not existing or not removed:
            created = self.source.change is Change.CREATED
            kept = Reason.ALREADY_DONE if self._may_delete else Reason.KEPT
            reason = Reason.SOURCE_GONE if created else kept
            return Result(Outcome.SKIPPED, reason, "The source does not exist.", removed=removed)
        self._delete(existing, None)
        return Result(Outcome.REMOVED, None, f"{len(existing)} objects were deleted.", removed=removed)

    def _reject(self, rejection: Rejected, existing: Sequence[ExistingRendition]) -> Result:
        """Delete renditions of earlier uploads, and those stored before this upload was rejected."""
        wrong = [
            each
            for each in existing
            if (rejection.partly_stored if each.provenance.etag == rejection.etag else self._may_delete)
        ]
        if wrong:
            self._delete(wrong, rejection.etag)
        return _ended(rejection)

    def _delete(self, renditions: Sequence[ExistingRendition], etag: str | None) -> None:
        """Delete renditions. Raises `SourceChanged` if a rendition or the source has changed since they were listed."""
        unchanged = delete_existing(self.s3, self._bucket, renditions)
        if not unchanged or not self._source_unchanged(etag):
            raise SourceChanged(f"{self.source.uri} has changed while renditions were deleted.")

    def _source_unchanged(self, etag: str | None) -> bool:
        """Whether the source still has this ETag; None means that it does not exist."""
        return current_etag(self.s3, self.source) == etag

    def _may_have_written(self, existing: Sequence[ExistingRendition]) -> bool:
        """Whether an earlier attempt at this event, which died before its HEAD, may have written one of these."""
        ours = self.source.sequencer
        return any(not ours or each.provenance.sequencer in {ours, None} for each in existing)

    def _is_forwarded(self, rejection: Rejected) -> bool:
        """Whether the large function takes over; it also corrects existing renditions."""
        return rejection.reason is Reason.NEEDS_MEMORY and self.settings.forwards(self.source)

    @property
    def _bucket(self) -> str:
        """The bucket of the renditions."""
        return self.settings.output_bucket_for(self.source)

    @property
    def _may_delete(self) -> bool:
        return self.settings.on_delete is OnDelete.REMOVE


def _ended(problem: NothingToDo | Rejected) -> Result:
    if isinstance(problem, Rejected):
        return Result(Outcome.REJECTED, problem.reason, problem.detail)
    return Result(Outcome.SKIPPED, problem.reason, str(problem))
