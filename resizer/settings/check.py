"""Checks the text of `resizer.toml` with the JSON Schema that editors also use.

Imported only if the build has not checked the file: jsonschema takes 50 ms.
"""

import json
import re
import tomllib
from collections import defaultdict
from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from math import isfinite
from pathlib import Path
from typing import Any, Final

from jsonschema import Draft7Validator, ValidationError, validators

from resizer.errors import ConfigError

SCHEMA: Final = Path(__file__).with_name("resizer.schema.json")
TYPES: Final = {
    "object": "a table",
    "array": "a list",
    "string": "text in quotes",
    "boolean": "true or false",
    "integer": "a whole number",
    "number": "a number",
}


def check(text: str) -> dict[str, Any]:
    """Parse and check the file; returns its values unchanged.

    Raises `ConfigError` with all mistakes, each with its path: `rules[1].renditions[0].width: must be ...`.
    """
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as problem:
        raise ConfigError([f"is not valid TOML: {problem}"]) from None
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    watermarks = document.get("watermarks")
    schema["definitions"]["watermark"]["enum"] = list(watermarks) if isinstance(watermarks, dict) else []
    errors = sorted(Checker(schema).iter_errors(document), key=lambda error: error.path)
    found = [mistake for error in errors for mistake in _mistakes(error)]
    if found:
        raise ConfigError(list(dict.fromkeys(found)))
    return document


def _mistakes(error: ValidationError) -> Iterator[str]:
    """One line for each mistake. jsonschema has a single error for all missing or unknown keys of a table."""
    schema, value = error.schema, error.instance
    message = schema.get("errorMessage", error.message)
    match error.validator:
        case "anyOf" if causes := _causes(error):
            for cause in causes:
                yield from _mistakes(cause)
        case "required":
            for key in error.validator_value:
                if key not in value:
                    yield _line(error, schema.get("errorMessage", "is missing"), key)
        case "additionalProperties":
            for key in value:
                if key not in schema["properties"]:
                    hint = schema.get("hints", {}).get(key) or _meant(key, schema["properties"])
                    yield _line(error, f"there is no such key here{hint}", key)
        case "type":
            yield _line(error, schema.get("errorMessage", f"must be {TYPES[error.validator_value]}"))
        case _ if "propertyNames" in error.absolute_schema_path:
            yield _line(error, message, value)
        case _:
            yield _line(error, message)


def _causes(error: ValidationError) -> list[ValidationError]:
    """The errors in the branch of an `anyOf` that is for values of this type; none if several branches are."""
    branches: dict[Any, list[ValidationError]] = defaultdict(list)
    for cause in error.context or ():
        branches[cause.schema_path[0]].append(cause)
    fitting = [causes for causes in branches.values() if all(each.path or each.validator != "type" for each in causes)]
    return fitting[0] if len(fitting) == 1 else []


def _meant(key: str, known: Iterable[str]) -> str:
    close = get_close_matches(key, known, 1)
    return f"; did you mean {close[0]}?" if close else ""


def _line(error: ValidationError, message: str, *key: str) -> str:
    place = ValidationError(message, path=[*error.absolute_path, *key])
    return f"{place.json_path.removeprefix('$.')}: {message}"


def _pattern(_: Any, pattern: str, value: object, __: object) -> Iterator[ValidationError]:
    """Match the whole value, as editors do: `$` in Python also matches before a final line feed."""
    if isinstance(value, str) and not re.fullmatch(pattern, value):
        yield ValidationError(f"{value!r} does not match {pattern!r}")


def _unique_names(_: Any, __: object, renditions: object, ___: object) -> Iterator[ValidationError]:
    """Our own check: no two renditions have the same name."""
    seen: dict[str, int] = {}
    for index, each in enumerate(renditions if isinstance(renditions, list) else []):
        name = each.get("name", each.get("width")) if isinstance(each, dict) else each
        if name is not None and (first := seen.setdefault(str(name), index)) != index:
            yield ValidationError(f"has the same name {name} as renditions[{first}]; choose another name", path=[index])


# In JSON 480.0 is an integer, and there is no nan. In TOML it is a float, and nan exists.
Checker: Final = validators.extend(
    Draft7Validator,
    {"pattern": _pattern, "uniqueNames": _unique_names},
    type_checker=Draft7Validator.TYPE_CHECKER.redefine_many(
        {
            "integer": lambda _, value: type(value) is int,
            "number": lambda _, value: type(value) is int or (type(value) is float and isfinite(value)),
        }
    ),
)
