"""Uploads overlap with the making of what comes next, and none outlives the call that began it."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from resizer.errors import Reason, Rejected, ResizerError, SourceInterrupted, StorageError, Superseded
from resizer.model import Format, Rendition
from resizer.store.uploads import upload_all
from tests.support.plans import rendition_plan

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from resizer.report import StoredRendition

PATIENCE = 10  # seconds that a test waits for what should come at once
REJECTION = Rejected(Reason.KEY_TAKEN, "belongs to another")
SUPERSEDED = Superseded("a newer one stands")
STORAGE = StorageError("PUT failed")
UNFORESEEN = ZeroDivisionError("who would have thought")


def rendition(name: str, body: bytes = b"pixels") -> Rendition:
    return Rendition(rendition_plan(name, 4, 3, Format.JPEG), body)


def uploaded(made: Iterable[Rendition], write: Callable[[Rendition], bool]) -> list[StoredRendition]:
    """What `upload_all` has finished when it returns, by key."""
    finished: list[StoredRendition] = []
    upload_all(made, write, finished)
    return sorted(finished, key=lambda upload: upload.plan.key)


def failing(problems: dict[str, Exception]) -> Callable[[Rendition], bool]:
    """A write that fails for the keys that have a problem."""

    def write(each: Rendition) -> bool:
        if each.plan.key in problems:
            raise problems[each.plan.key]
        return True

    return write


def test_each_upload_tells_how_it_went() -> None:
    """Every rendition gives its plan, its size and whether it was written."""
    made = [rendition("a", b"1"), rendition("b", b"22"), rendition("c", b"")]
    uploads = uploaded(made, lambda each: each.plan.key != "b")
    assert [(upload.plan, upload.size, upload.written) for upload in uploads] == [
        (made[0].plan, 1, True),
        (made[1].plan, 2, False),
        (made[2].plan, 0, True),
    ]
    assert all(upload.milliseconds >= 0 for upload in uploads)


def test_nothing_to_upload_gives_nothing() -> None:
    """No renditions, no uploads."""
    assert uploaded([], failing({})) == []


def test_the_next_is_made_while_the_last_is_written() -> None:
    """The upload of one rendition does not hold up the making of the next."""
    second_is_made = threading.Event()

    def make() -> Iterator[Rendition]:
        yield rendition("a")
        second_is_made.set()
        yield rendition("b")

    first, _ = uploaded(make(), lambda _: second_is_made.wait(PATIENCE))
    assert first.written


def test_no_more_are_made_than_are_being_written() -> None:
    """While one of many renditions is made, fewer than three others are on their way, however slow the network is."""
    written: list[str] = []
    on_their_way: list[int] = []
    fourth_is_asked_for = threading.Event()

    def make() -> Iterator[Rendition]:
        for number, name in enumerate("abcdef"):
            if number >= 3:
                fourth_is_asked_for.set()
            on_their_way.append(number - len(written))
            yield rendition(name)

    def write(each: Rendition) -> bool:
        fourth_is_asked_for.wait(0.05)
        written.append(each.plan.key)
        return True

    assert len(uploaded(make(), write)) == 6
    assert max(on_their_way) <= 2


def test_uploads_run_side_by_side() -> None:
    """Three renditions are on their way at once."""
    together = threading.Barrier(3)

    def write(_: Rendition) -> bool:
        together.wait(PATIENCE)
        return True

    assert len(uploaded([rendition(name) for name in "abc"], write)) == 3


def waits_for_all(make: Callable[[], Iterator[Rendition]], problems: dict[str, Exception]) -> Exception | None:
    """What `upload_all` raises, after it has been seen to wait for the one upload, `slow`, that is held up."""
    begun, go_on = threading.Event(), threading.Event()
    outcome: list[Exception | list[StoredRendition]] = []
    fail = failing(problems)

    def write(each: Rendition) -> bool:
        if each.plan.key == "slow":
            begun.set()
            go_on.wait(PATIENCE)
        return fail(each)

    def call() -> None:
        try:
            outcome.append(uploaded(make(), write))
        except Exception as problem:  # noqa: BLE001 # whatever it raises is the outcome
            outcome.append(problem)

    caller = threading.Thread(target=call)
    caller.start()
    assert begun.wait(PATIENCE)
    caller.join(0.05)
    assert caller.is_alive(), "returned while an upload was running"
    go_on.set()
    caller.join(PATIENCE)
    (result,) = outcome
    return result if isinstance(result, Exception) else None


def test_all_are_waited_for() -> None:
    """No upload is left running when all is well."""
    assert waits_for_all(lambda: iter([rendition("slow"), rendition("b")]), {}) is None


def test_all_are_waited_for_when_one_fails() -> None:
    """No upload is left running when another has failed, and the failure is told."""
    assert waits_for_all(lambda: iter([rendition("slow"), rendition("b")]), {"b": STORAGE}) is STORAGE


@pytest.mark.parametrize("problems", [{}, {"slow": STORAGE}])
def test_all_are_waited_for_when_making_fails(problems: dict[str, Exception]) -> None:
    """No upload is left running when the next rendition cannot be made, and that is what is told."""

    def make() -> Iterator[Rendition]:
        yield rendition("slow")
        raise UNFORESEEN

    assert waits_for_all(make, problems) is UNFORESEEN


@pytest.mark.parametrize(
    ("problems", "raised"),
    [
        ({"b": REJECTION}, REJECTION),
        ({"a": REJECTION, "c": STORAGE}, STORAGE),
        ({"a": STORAGE, "c": REJECTION}, STORAGE),
        ({"a": SUPERSEDED, "b": REJECTION, "c": STORAGE}, STORAGE),
        ({"a": REJECTION, "b": UNFORESEEN}, UNFORESEEN),
        ({"a": UNFORESEEN, "b": SUPERSEDED}, UNFORESEEN),
        ({"b": SourceInterrupted("broke off"), "c": REJECTION}, None),
    ],
)
def test_what_another_try_may_cure_is_told_first(problems: dict[str, Exception], raised: Exception | None) -> None:
    """Of several failures the one that another try may cure is raised, so that the event comes back."""
    with pytest.raises((ResizerError, ZeroDivisionError)) as failure:
        uploaded([rendition(name) for name in "abc"], failing(problems))
    assert failure.value is (raised or problems["b"])


def test_what_was_finished_is_known_when_another_fails() -> None:
    """One failure does not keep the others from being written, nor from being told."""
    finished: list[StoredRendition] = []
    with pytest.raises(Rejected):
        upload_all([rendition(name) for name in "abc"], failing({"a": REJECTION}), finished)
    assert {upload.plan.key for upload in finished} == {"b", "c"}


def test_what_making_and_writing_fail_with_is_weighed_together() -> None:
    """A rendition that cannot be made does not hide that another was not written, and should come again."""

    def make() -> Iterator[Rendition]:
        yield rendition("a")
        raise REJECTION

    with pytest.raises(StorageError):
        uploaded(make(), failing({"a": STORAGE}))
    with pytest.raises(Rejected):
        uploaded(make(), failing({"a": SUPERSEDED}))
