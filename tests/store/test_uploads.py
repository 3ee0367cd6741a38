"""Uploads overlap with making the next rendition, and all end before `upload_all` returns."""

import threading
from collections.abc import Callable, Iterable, Iterator

import pytest

from resizer.errors import Reason, Rejected, ResizerError, StorageError, Superseded
from resizer.model import Format, Rendition, SourceObject, StoredRendition
from resizer.report import Report
from resizer.store.uploads import upload_all
from tests.support.plans import rendition_plan

PATIENCE = 10  # seconds; a test that waits this long has failed
SOURCE = SourceObject("photos", "cat.jpg")
REJECTION = Rejected(Reason.KEY_TAKEN, "belongs to another")
SUPERSEDED = Superseded("there is a newer one")
STORAGE = StorageError("PUT failed")
UNFORESEEN = ZeroDivisionError("a bug")


def rendition(name: str, body: bytes = b"pixels") -> Rendition:
    return Rendition(rendition_plan(name, 4, 3, Format.JPEG), body)


def uploaded(renditions: Iterable[Rendition], write: Callable[[Rendition], bool]) -> list[StoredRendition]:
    """The uploads that `upload_all` has finished when it returns, sorted by key."""
    report = Report(SOURCE)
    upload_all(renditions, write, report)
    return sorted(report.stored, key=lambda upload: upload.plan.key)


def failing(problems: dict[str, Exception]) -> Callable[[Rendition], bool]:
    """A `write` that raises the problem of a key, if it has one."""

    def write(each: Rendition) -> bool:
        if each.plan.key in problems:
            raise problems[each.plan.key]
        return True

    return write


def test_each_upload_has_plan_size_and_result() -> None:
    """Every upload has its plan, its size and whether it was written."""
    renditions = [rendition("a", b"1"), rendition("b", b"22"), rendition("c", b"")]
    uploads = uploaded(renditions, lambda each: each.plan.key != "b")
    assert [(upload.plan, upload.size, upload.written) for upload in uploads] == [
        (renditions[0].plan, 1, True),
        (renditions[1].plan, 2, False),
        (renditions[2].plan, 0, True),
    ]
    assert all(upload.milliseconds >= 0 for upload in uploads)


def test_no_renditions_are_no_uploads() -> None:
    """Without renditions nothing is uploaded."""
    assert uploaded([], failing({})) == []


def test_making_overlaps_with_uploading() -> None:
    """The next rendition is made while the last one is uploaded."""
    second_is_made = threading.Event()

    def make() -> Iterator[Rendition]:
        yield rendition("a")
        second_is_made.set()
        yield rendition("b")

    first, _ = uploaded(make(), lambda _: second_is_made.wait(PATIENCE))
    assert first.written


def test_at_most_two_uploads_are_pending_while_the_next_rendition_is_made() -> None:
    """However slow the network is, at most two renditions wait in memory while the next is made."""
    written: list[str] = []
    pending: list[int] = []
    fourth_is_requested = threading.Event()

    def make() -> Iterator[Rendition]:
        for number, name in enumerate("abcdef"):
            if number >= 3:
                fourth_is_requested.set()
            pending.append(number - len(written))
            yield rendition(name)

    def write(each: Rendition) -> bool:
        fourth_is_requested.wait(0.05)
        written.append(each.plan.key)
        return True

    assert len(uploaded(make(), write)) == 6
    assert max(pending) <= 2


def test_three_uploads_run_at_once() -> None:
    """Three renditions are uploaded in parallel."""
    together = threading.Barrier(3)

    def write(_: Rendition) -> bool:
        together.wait(PATIENCE)
        return True

    assert len(uploaded([rendition(name) for name in "abc"], write)) == 3


def waits_for_all(make: Callable[[], Iterator[Rendition]], problems: dict[str, Exception]) -> Exception | None:
    """Assert that `upload_all` waits for the blocked upload `slow`, and return what it raises."""
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
        except Exception as problem:  # noqa: BLE001 # any error is the outcome
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


def test_upload_all_waits_for_all() -> None:
    """`upload_all` returns after the last upload has ended."""
    assert waits_for_all(lambda: iter([rendition("slow"), rendition("b")]), {}) is None


def test_upload_all_waits_if_one_fails() -> None:
    """If one upload fails, the others are waited for, and then the error is raised."""
    assert waits_for_all(lambda: iter([rendition("slow"), rendition("b")]), {"b": STORAGE}) is STORAGE


@pytest.mark.parametrize("problems", [{}, {"slow": STORAGE}])
def test_upload_all_waits_if_making_fails(problems: dict[str, Exception]) -> None:
    """If a rendition cannot be made, running uploads are waited for, and then that error is raised."""

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
        ({"b": StorageError("broke off"), "c": REJECTION}, None),
    ],
)
def test_a_retryable_error_is_raised_first(problems: dict[str, Exception], raised: Exception | None) -> None:
    """Of several errors one that a retry can help is raised, so that the event comes back."""
    with pytest.raises((ResizerError, ZeroDivisionError)) as failure:
        uploaded([rendition(name) for name in "abc"], failing(problems))
    assert failure.value is (raised or problems["b"])


def test_finished_uploads_are_listed_if_another_fails() -> None:
    """If one upload fails, the others are written and listed."""
    report = Report(SOURCE)
    with pytest.raises(Rejected):
        upload_all([rendition(name) for name in "abc"], failing({"a": REJECTION}), report)
    assert {upload.plan.key for upload in report.stored} == {"b", "c"}
    assert report.milliseconds["upload"] == sum(upload.milliseconds for upload in report.stored) > 0


def test_errors_of_making_and_uploading_are_compared() -> None:
    """A rejection while making a rendition does not hide a retryable error of an upload."""

    def make() -> Iterator[Rendition]:
        yield rendition("a")
        raise REJECTION

    with pytest.raises(StorageError):
        uploaded(make(), failing({"a": STORAGE}))
    with pytest.raises(Rejected):
        uploaded(make(), failing({"a": SUPERSEDED}))
