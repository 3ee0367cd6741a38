"""Renditions brought in line with what stands under the source's key, in whatever order events come.

An ordinary upload is one GET and one PUT for each rendition, and nothing here costs it a request. What else can
happen, and how it is put right:

- A later upload's rendition stands: leave it. An earlier one's: replace it, then look whether the source is still
  what was fetched. S3 cannot tie a write to the state of another object, so the look comes after the write, when
  whatever changed before it can be seen.
- The source was deleted, or replaced by what is no image, while its renditions were being made: nothing then stands
  that the write could meet. So a writer looks at the source when it has written, unless it was quick, and whoever
  takes away lets the quick ones end (`quiet.py`).
- A try died after a write: the event comes again, finds its source gone or replaced, and puts right what carries
  its mark.
- A delete of an old version, or one overtaken by a new upload, removes nothing; one that bares an older version has
  that one's renditions made.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from resizer.errors import (
    LaterStands,
    Overtaken,
    Reason,
    Rejected,
    SourceGone,
    StorageError,
    Superseded,
)
from resizer.model import Change, SourceObject
from resizer.planning.outputs import may_have_others, may_name_image, possible_outputs
from resizer.report import Outcome, StoredRendition
from resizer.s3.source import current_etag
from resizer.settings.environment import OnDelete
from resizer.store.existing import Standing, is_complete, look, take_away
from resizer.store.quiet import let_quick_writes_end
from resizer.store.writer import is_later, key_hash

if TYPE_CHECKING:
    from collections.abc import Callable

    from resizer.deadline import Clock
    from resizer.s3 import S3
    from resizer.settings import Settings

ATTEMPTS: Final = 5  # each lost one means that the source changed again meanwhile


@dataclass(frozen=True, slots=True)
class Made:
    """A full set of renditions that stands; `written` is False where all of it stood before."""

    etag: str
    renditions: tuple[StoredRendition, ...]
    written: bool


@dataclass(frozen=True, slots=True)
class Settled:
    """How a source ended once its renditions fit it."""

    outcome: Outcome
    reason: Reason | None = None
    detail: str | None = None
    renditions: tuple[StoredRendition, ...] = ()


@dataclass(frozen=True, slots=True)
class Reconciler:
    """One event's source, and `make`, which fetches a source, makes its renditions and stores them.

    `begun` is when this try began, by the clock's `monotonic`: the event's change was over by then.
    """

    source: SourceObject
    settings: Settings
    s3: S3
    clock: Clock
    begun: float
    make: Callable[[SourceObject], Made]

    def reconcile(self) -> Settled:
        """Make or remove renditions until they fit the source that stands.

        Raises `SourceGone`, `Superseded`, `Rejected`, `OutOfTime`, and `StorageError` where S3 refuses or the source
        changes faster than its renditions can be made.
        """
        if self.source.change is Change.CREATED and (settled := self._created()):
            return settled
        self._let_quick_writes_end()
        for _ in range(ATTEMPTS):
            try:
                return self._settle()
            except LaterStands as later:
                return Settled(Outcome.SKIPPED, later.reason, str(later))
            except (Superseded, SourceGone):
                continue  # it changed again between two requests
        raise StorageError(f"{self.source.uri} changes faster than it can be resized. It will be tried again.")

    def _created(self) -> Settled | None:
        """The ordinary way of an upload; None where more has to be put right."""
        try:
            made = self.make(self.source)
            self._clear_other_formats(made)
        except (LaterStands, Overtaken):
            return None
        except (SourceGone, Superseded):
            if self._left_a_mark():
                return None
            raise
        except Rejected as rejection:
            if self._leaves_stale(rejection):
                return None
            raise
        return _settled(made)

    def _settle(self) -> Settled:
        """Bring the renditions in line with the source as it is now, whatever this event said of it."""
        standing = self._look()
        etag = current_etag(self.s3, self.source)
        if etag is None:
            return self._all_taken_away(standing)
        now = replace(self.source, change=Change.CREATED, etag=etag, size=None, version_id=None)
        made, rejection = None, None
        if not is_complete(standing, etag, self.settings.recipe, self.settings.widths):
            self._leave_to_later(standing, etag)
            try:
                made = self.make(now)
            except Rejected as problem:
                rejection = problem
        keys = {rendition.plan.key for rendition in made.renditions} if made else set()
        taken = rejection is not None and rejection.reason is Reason.KEY_TAKEN
        stale = [each for each in standing if each.key not in keys and (taken or each.source_etag != etag)]
        if stale and self._may_remove:
            self._take_away(stale, etag)
        if rejection:
            raise rejection
        return _settled(made) if made else Settled(Outcome.SKIPPED, Reason.SUPERSEDED, "What stands now is up to date.")

    def _all_taken_away(self, standing: list[Standing]) -> Settled:
        if not self._may_remove:
            return Settled(Outcome.SKIPPED, Reason.KEPT, "RESIZER_ON_DELETE=keep")
        if not standing:
            reason = Reason.SOURCE_GONE if self.source.change is Change.CREATED else Reason.ALREADY_DONE
            return Settled(Outcome.SKIPPED, reason, "No rendition stands.")
        self._leave_to_later(standing, None)
        self._take_away(standing, None)
        return Settled(Outcome.REMOVED, None, f"{len(standing)} renditions were taken away.")

    def _take_away(self, renditions: list[Standing], etag: str | None) -> None:
        """Raises `Overtaken` where the source is no longer what the decision was made on."""
        untouched = take_away(self.s3, self.source.bucket, renditions)
        if not untouched or current_etag(self.s3, self.source) != etag:
            raise Overtaken(f"{self.source.uri} has changed while renditions were taken away.")

    def _left_a_mark(self) -> bool:
        """Whether a rendition may stem from an earlier try of this event, which died before it could look again."""
        if not self._may_remove and current_etag(self.s3, self.source) is None:
            return False
        ours = self.source.sequencer
        return any(not ours or each.sequencer in {ours, None} for each in self._look())

    def _leaves_stale(self, rejection: Rejected) -> bool:
        """Whether renditions stand that are not those of the rejected source; it has none itself.

        Once all is quiet, the narrowest tells of the rest: it is written last and taken away last, what a try left that
        died before is put right by the next one, and no removal meets a quick write. But that only sequencers see to.
        """
        handed_over = rejection.reason is Reason.NEEDS_MEMORY and self.settings.hands_over(self.source)
        if handed_over or not self._may_remove or not may_name_image(self.source.key):
            return False
        self._let_quick_writes_end()
        taken = rejection.reason is Reason.KEY_TAKEN  # perhaps not at its first width
        enough = self.source.sequencer is not None and not taken
        return any(taken or each.source_etag != self.source.etag for each in self._look(narrowest_only=enough))

    def _clear_other_formats(self, made: Made) -> None:
        """Take away an earlier upload's renditions under keys with other extensions than this one's.

        Looked for only where the source's own extension does not tell its format: one HEAD for each format.
        """
        keys = {rendition.plan.key for rendition in made.renditions}
        if not self._may_remove or not may_have_others(self.source.key, keys, self.settings):
            return
        if any(each.source_etag != made.etag for each in self._look(narrowest_only=True)):
            others = [each for each in self._look() if each.key not in keys and each.source_etag != made.etag]
            self._take_away([each for each in others if not self._is_later(each)], made.etag)

    def _leave_to_later(self, standing: list[Standing], etag: str | None) -> None:
        """Raises `LaterStands` where another event, later than this one, has the work to do."""
        for each in standing:
            if each.source_etag != etag and self._is_later(each):
                raise LaterStands(f"{each.key} was made from a later upload.")

    def _is_later(self, rendition: Standing) -> bool:
        ours = self.source.sequencer
        return bool(ours and rendition.sequencer and is_later(rendition.sequencer, ours))

    def _look(self, *, narrowest_only: bool = False) -> list[Standing]:
        outputs = possible_outputs(self.source.key, self.settings)
        if narrowest_only:
            outputs = [output for output in outputs if output[0] == self.settings.widths[-1]]
        return look(self.s3, self.source.bucket, key_hash(self.source.key), outputs)

    def _let_quick_writes_end(self) -> None:
        if self._may_remove:
            let_quick_writes_end(self.source, self.settings, self.clock, self.begun)

    @property
    def _may_remove(self) -> bool:
        return self.settings.on_delete is OnDelete.REMOVE


def _settled(made: Made) -> Settled:
    if made.written:
        return Settled(Outcome.RESIZED, renditions=made.renditions)
    return Settled(Outcome.SKIPPED, Reason.ALREADY_DONE, "All renditions stand already.", made.renditions)
