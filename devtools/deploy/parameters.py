"""Converts PARAMETERS="BucketName=photos Widths=320,960" to options of `sam deploy`."""

import difflib
import shlex
from collections.abc import Iterable, Mapping
from typing import Any

from resizer.errors import UsageError


def parse(text: str, declared: Iterable[str]) -> dict[str, str]:
    """Parse the parameters, by name; values with spaces are quoted as in a shell.

    Raises `UsageError` for an unknown name, which `sam` would ignore silently.
    """
    names = list(declared)
    found = {}
    for word in split_words(text, "PARAMETERS"):
        name, equals, value = word.partition("=")
        if not equals:
            raise UsageError(f"PARAMETERS: {word!r} must have the form Name=value.")
        if name not in names:
            similar = difflib.get_close_matches(name, names, 1)
            raise UsageError(f"PARAMETERS: there is no {name}." + (f" Did you mean {similar[0]}?" if similar else ""))
        found[name] = value
    return found


def check_prefixes(parameters: Mapping[str, str], declared: Mapping[str, Mapping[str, Any]]) -> None:
    """Raise `UsageError` if one prefix contains the other in the same bucket; a template cannot check that."""
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
