"""Converts PARAMETERS="BucketName=photos Widths=320,960" to options of `sam deploy`."""

import difflib
import math
import re
import shlex
from collections.abc import Mapping
from typing import Any

from resizer.errors import UsageError

Declared = Mapping[str, Mapping[str, Any]]  # the template's parameters, by name


def parse(text: str, declared: Declared) -> dict[str, str]:
    """Parse the parameters, by name; values with spaces are quoted as in a shell.

    Raises `UsageError` with all mistakes: values that the template does not allow, and unknown names, which `sam`
    would ignore silently.
    """
    pairs = [word.partition("=") for word in split_words(text, "PARAMETERS")]
    mistakes = [mistake for pair in pairs if (mistake := _mistake(pair, declared))]
    if mistakes:
        raise UsageError("\n".join(f"PARAMETERS: {mistake}" for mistake in mistakes))
    return {name: value for name, _, value in pairs}


def _mistake(pair: tuple[str, str, str], declared: Declared) -> str | None:
    name, equals, value = pair
    if not equals:
        return f"{name!r} must have the form Name=value."
    if name not in declared:
        similar = difflib.get_close_matches(name, declared, 1)
        return f"there is no {name}." + (f" Did you mean {similar[0]}?" if similar else "")
    return None if fits(value, declared[name]) else f"{name}={value} {constraint(declared[name])}."


def fits(value: str, parameter: Mapping[str, Any]) -> bool:
    """Whether the template allows this value of a parameter."""
    if allowed := parameter.get("AllowedValues"):
        return value in map(str, allowed)
    if parameter["Type"] == "Number":
        return value.isdecimal() and parameter["MinValue"] <= int(value) <= parameter.get("MaxValue", math.inf)
    return re.fullmatch(parameter.get("AllowedPattern", ".*"), value) is not None


def constraint(parameter: Mapping[str, Any]) -> str:
    """What the template expects, such as `must be yes or no`."""
    if allowed := parameter.get("AllowedValues"):
        *others, last = map(str, allowed)
        return f"must be {', '.join(others)} or {last}"
    if parameter["Type"] == "Number":
        maximum = f" to {parameter['MaxValue']}" if "MaxValue" in parameter else " upwards"
        return f"must be a whole number from {parameter['MinValue']}{maximum}"
    return str(parameter["ConstraintDescription"])


def check_together(parameters: Mapping[str, str], declared: Declared) -> None:
    """Raise `UsageError` if a parameter without a default is missing, or if the prefixes do not fit together."""
    for name, parameter in declared.items():
        if "Default" not in parameter and name not in parameters:
            raise UsageError(f"PARAMETERS: {name} is missing; it {constraint(parameter)}.")
    _check_prefixes(parameters, declared)


def _check_prefixes(parameters: Mapping[str, str], declared: Declared) -> None:
    """Refuse prefixes if one contains the other in the same bucket; a template cannot check that."""
    values = {name: parameters.get(name, each.get("Default", "")) for name, each in declared.items()}
    source, output = values["SourcePrefix"], values["OutputPrefix"]
    if values["OutputBucket"] or not source or values["AllowOwnOutputToInvoke"] == "yes":
        return
    if source.startswith(output) or output.startswith(source):
        raise UsageError(
            f"One of SourcePrefix={source} and OutputPrefix={output} is below the other, so renditions would invoke "
            "the function again. Choose separate prefixes, such as uploads/ and resized/, or set OutputBucket."
        )


def split_words(text: str, variable: str) -> list[str]:
    """Split a variable's value as a shell would. Raises `UsageError` if a quote is not closed."""
    try:
        return shlex.split(text)
    except ValueError as problem:
        raise UsageError(f"{variable}: {problem}.") from problem


def overrides(parameters: Mapping[str, str]) -> list[str]:
    """The values for `--parameter-overrides`, in quotes, which `sam` removes."""
    return [f'{name}="{_escaped(value)}"' for name, value in parameters.items()]


def repeat_command(name: str, parameters: Mapping[str, str]) -> str:
    """The command that repeats the deployment without questions."""
    given = shlex.join(f"{parameter}={value}" for parameter, value in parameters.items())
    return f"make deploy NAME={shlex.quote(name)} PARAMETERS={shlex.quote(given)}"


def _escaped(value: str) -> str:
    return value.replace('"', '\\"')
