"""Every error knows whether a retry can help, and has a readable message."""

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
        (OutOfTime, True),
        (RecordsFailed, True),
    ],
)
def test_an_error_knows_whether_a_retry_can_help(kind: type[ResizerError], retryable: bool) -> None:  # noqa: FBT001 # a table's column
    """Errors of storage and time are retryable, and final errors are not."""
    assert kind.retryable is retryable


def test_all_errors_have_one_root() -> None:
    """All errors derive from `ResizerError`, and the tree in the module's docstring lists them."""
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
def test_nothing_to_do_has_a_reason(kind: type[NothingToDo], reason: Reason) -> None:
    """`SourceGone` and `Superseded` have their reasons."""
    assert issubclass(kind, NothingToDo)
    assert kind("why").reason is reason


def test_config_errors_list_every_mistake() -> None:
    """The message of a `ConfigError` has one line for each mistake."""
    problem = ConfigError(["RESIZER_WIDTHS='x': must be widths", "RESIZER_QUALITY='y': must be pairs"])
    assert problem.mistakes == ("RESIZER_WIDTHS='x': must be widths", "RESIZER_QUALITY='y': must be pairs")
    assert str(problem) == (
        "The settings are wrong:\n  RESIZER_WIDTHS='x': must be widths\n  RESIZER_QUALITY='y': must be pairs"
    )


def test_a_rejection_has_a_reason_and_a_detail() -> None:
    """A rejection has a reason for programs and a detail for people, and its text has both."""
    rejection = Rejected(Reason.TRUNCATED, "The PNG ends early.")
    assert (rejection.reason, rejection.detail) == (Reason.TRUNCATED, "The PNG ends early.")
    assert str(rejection) == "truncated: The PNG ends early."


def test_reasons_are_short_stable_codes() -> None:
    """A reason is its name in lowercase with underscores."""
    for reason in Reason:
        assert re.fullmatch(r"[a-z]+(_[a-z]+)*", reason)
        assert str(reason) == reason.value == reason.name.lower()


def test_the_contracts_reasons_exist() -> None:
    """The contract's reasons are spelt as in the contract."""
    assert set(Reason) >= CONTRACT_REASONS


def test_bugs_of_ours_differ_from_damaged_files() -> None:
    """An error is a bug of ours by its type, or if it or its cause was raised in `resizer`; others are the file's."""
    for kind in MISTAKES:
        with pytest.raises(kind) as raised:
            mistake(kind)()
        assert is_our_fault(raised.value)
        replaced = OSError("image file is truncated")
        replaced.__cause__ = raised.value  # Pillow replaces some errors
        assert is_our_fault(replaced)
    for problem in (OSError("image file is truncated"), SyntaxError("not a PNG"), ValueError("bad"), IndexError()):
        with pytest.raises(type(problem)) as raised:
            raise problem
        assert not is_our_fault(raised.value)
