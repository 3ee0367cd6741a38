"""Checks of single values in a `resizer.toml`, for voluptuous: each returns the value or raises what it must be."""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import voluptuous

from resizer.settings.environment import WIDEST, header_value
from resizer.settings.globs import glob_mistake

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from resizer.settings.consistency import Mistake

    Check = Callable[[Any], Any]

COMPASS: Final = ("north", "northeast", "east", "southeast", "south", "southwest", "west", "northwest")
FRACTION: Final = r"(0(\.[0-9]+)?|1(\.0+)?)"
POINT: Final = re.compile(f"{FRACTION},{FRACTION}")
NAME: Final = re.compile("[A-Za-z0-9_]{1,64}")
COLOR: Final = re.compile("#([0-9A-Fa-f]{6}|[0-9A-Fa-f]{8})")
RESERVED: Final = "manifest"
MAX_KEY_BYTES: Final = 1024  # of UTF-8 (S3 user guide, "Naming Amazon S3 objects")


def that(is_right: Callable[[Any], object], must_be: str) -> Check:
    """A check that a value is right."""

    def checked(value: Any) -> Any:
        if not is_right(value):
            raise voluptuous.Invalid(f"must be {must_be}")
        return value

    return checked


def choice(*values: str) -> Check:
    """A check that a value is one of a few words."""
    return that(lambda value: isinstance(value, str) and value in values, f"one of {', '.join(values)}")


def number(must_be: str, is_within: Callable[[float], bool]) -> Check:
    """A check that a value is a number within limits; true and false are none."""
    return that(lambda value: type(value) in {int, float} and is_within(value), must_be)


def gravity(*more: str) -> Check:
    """A check that a value is a place in a picture; `more` are names beside the fixed places."""
    names = ("center", *COMPASS, *more)
    must_be = f'{", ".join(names)}, or fractions from the left and the top such as "0.3,0.7"'
    return that(lambda value: isinstance(value, str) and (value in names or POINT.fullmatch(value)), must_be)


def every(what: Check, *, least: int = 0, most: int = 100) -> Check:
    """A check that a value is a list of these; voluptuous's own stops at the first table that has a mistake."""

    def checked(value: Any) -> Any:
        if not isinstance(value, list):
            raise voluptuous.Invalid("must be a list")
        if not least <= len(value) <= most:
            raise voluptuous.Invalid(f"must have {least} to {most} entries; these are {len(value)}")
        problems: list[voluptuous.Invalid] = []
        for index, each in enumerate(value):
            with reported(problems, index):
                what(each)
        return _unless(problems, value)

    return checked


def together(schema: Check, *checks: Callable[[Any], Iterable[Mistake]]) -> Check:
    """A schema, and checks of how its values go together: the mistakes of all are reported.

    These checks see values that the schema refuses, too.
    """

    def checked(value: Any) -> Any:
        problems: list[voluptuous.Invalid] = []
        with reported(problems):
            schema(value)
        problems += [voluptuous.Invalid(message, path) for check in checks for path, message in check(value)]
        return _unless(problems, value)

    return checked


@contextmanager
def reported(problems: list[voluptuous.Invalid], *path: str | int) -> Iterator[None]:
    """Add what the block finds to the problems, each below a path."""
    try:
        yield
    except voluptuous.Invalid as found:
        found.prepend(list(path))
        problems += found.errors if isinstance(found, voluptuous.MultipleInvalid) else [found]


def _unless(problems: list[voluptuous.Invalid], value: Any) -> Any:
    if problems:
        raise voluptuous.MultipleInvalid(problems)
    return value


def glob(value: Any) -> Any:
    """A check that a value is one glob."""
    mistake = glob_mistake(value) if isinstance(value, str) else "must be a glob such as photos/**, or a list of globs"
    if mistake:
        raise voluptuous.Invalid(mistake)
    return value


def cache_control(value: Any) -> Any:
    """A check that a value can be sent as a header."""
    try:
        return header_value(text(value))
    except ValueError as problem:
        raise voluptuous.Invalid(str(problem)) from None


def name(value: Any) -> Any:
    """A check that a value can be a rendition's name."""
    if value == RESERVED:
        raise voluptuous.Invalid(f"must be another name than {RESERVED}, which is the manifest's")
    return _name(value)


text = that(lambda value: isinstance(value, str), "text in quotes")
switch = that(lambda value: isinstance(value, bool), "true or false")
side = that(lambda value: type(value) is int and 1 <= value <= WIDEST, f"a whole number from 1 to {WIDEST}")
plain_width = that(
    lambda value: type(value) is int and 1 <= value <= WIDEST,
    f"a width from 1 to {WIDEST}, or a table such as {{ width = 600, height = 400 }}",
)
percent = that(lambda value: type(value) is int and 1 <= value <= 100, "a whole number from 1 to 100")
color = that(lambda value: isinstance(value, str) and COLOR.fullmatch(value), "a color such as #ffffff or #ffffff80")
key = that(
    lambda value: isinstance(value, str) and 0 < len(value.encode()) <= MAX_KEY_BYTES,
    f"a key in the source bucket, of at most {MAX_KEY_BYTES} bytes",
)
_name = that(
    lambda value: isinstance(value, str) and NAME.fullmatch(value), "text of 1 to 64 letters A to Z, digits or _"
)
