"""Every error knows whether another try can help, and says what happened in words."""

from __future__ import annotations

import inspect
import re

import pytest

from resizer import errors
from resizer.errors import (
    ConfigError,
    NothingToDo,
    OutOfTime,
    Reason,
    RecordsFailed,
    Rejected,
    ResizerError,
    SourceGone,
    SourceInterrupted,
    StorageError,
    Superseded,
    UnknownEvent,
    is_our_fault,
)
from tests.support.mistakes import MISTAKES, mistake

ALL = [kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, Exception)]
CONTRACT_REASONS = {
    "output_prefix",
    "not_an_image",
    "too_many_pixels",
    "needs_memory",
    "superseded",
    "already_done",
    "source_gone",
}


@pytest.mark.parametrize(
    ("kind", "retryable"),
    [
        (ResizerError, False),
        (ConfigError, False),
        (UnknownEvent, False),
        (NothingToDo, False),
        (SourceGone, False),
        (Superseded, False),
        (Rejected, False),
        (StorageError, True),
        (SourceInterrupted, True),
        (OutOfTime, True),
        (RecordsFailed, True),
    ],
)
def test_an_error_knows_whether_another_try_can_help(kind: type[ResizerError], retryable: bool) -> None:  # noqa: FBT001 # a table's column
    """What is final is not tried again, and what storage did is."""
    assert kind.retryable is retryable


def test_there_is_one_root_and_every_error_is_in_its_tree() -> None:
    """All errors of the project come from one root, and the module's drawing names each."""
    for kind in ALL:
        assert issubclass(kind, ResizerError)
        assert kind.__name__ in (errors.__doc__ or "")


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        (SourceGone, Reason.SOURCE_GONE),
        (Superseded, Reason.SUPERSEDED),
    ],
)
def test_nothing_to_do_says_why(kind: type[NothingToDo], reason: Reason) -> None:
    """Each way of having nothing to do carries its reason."""
    assert issubclass(kind, NothingToDo)
    assert kind("why").reason is reason


def test_config_errors_list_every_mistake() -> None:
    """The message of a wrong configuration has a line for each mistake."""
    problem = ConfigError(["RESIZER_WIDTHS='x': must be widths", "RESIZER_QUALITY='y': must be pairs"])
    assert problem.mistakes == ("RESIZER_WIDTHS='x': must be widths", "RESIZER_QUALITY='y': must be pairs")
    assert str(problem) == (
        "The settings are wrong:\n  RESIZER_WIDTHS='x': must be widths\n  RESIZER_QUALITY='y': must be pairs"
    )


def test_a_rejection_has_a_code_and_words() -> None:
    """A rejection carries its code for machines and its detail for people, and shows both."""
    rejection = Rejected(Reason.TRUNCATED, "The PNG ends early.")
    assert (rejection.reason, rejection.detail) == (Reason.TRUNCATED, "The PNG ends early.")
    assert str(rejection) == "truncated: The PNG ends early."


def test_reasons_are_short_stable_codes() -> None:
    """Reasons are lowercase words that scripts and dashboards can rely on."""
    for reason in Reason:
        assert re.fullmatch(r"[a-z]+(_[a-z]+)*", reason)
        assert str(reason) == reason.value == reason.name.lower()


def test_the_contracts_reasons_are_there() -> None:
    """The reasons that the contract names are spelt as it spells them."""
    assert set(Reason) >= CONTRACT_REASONS


def test_a_mistake_of_ours_is_told_from_a_damaged_file() -> None:
    """An error is ours by its kind, or where it or its cause was raised in the package; other errors are the file's."""
    for kind in MISTAKES:
        with pytest.raises(kind) as raised:
            mistake(kind)()
        assert is_our_fault(raised.value)
        replaced = OSError("image file is truncated")
        replaced.__cause__ = raised.value  # as Pillow replaces some errors
        assert is_our_fault(replaced)
    for problem in (OSError("image file is truncated"), SyntaxError("not a PNG"), ValueError("bad"), IndexError()):
        with pytest.raises(type(problem)) as raised:
            raise problem
        assert not is_our_fault(raised.value)
