"""Explains what is wrong with a record that cannot be read."""

from __future__ import annotations

KINDS = {dict: "an object", list: "an array", str: "a text", bool: "true or false", int: "a number", float: "a number"}


def kind(value: object) -> str:
    """The name of a value's JSON type."""
    return "null" if value is None else KINDS.get(type(value), "something else")


def what_is_wrong(problem: Exception) -> str:
    """The parser's error in plain words; our own `ValueError`s are plain already."""
    match problem:
        case KeyError():
            return f"the field {problem.args[0]} is missing"
        case UnicodeError():
            return "its key is not UTF-8"
        case ValueError():
            return str(problem)
        case _:
            return "a field is of another type than AWS sends"
