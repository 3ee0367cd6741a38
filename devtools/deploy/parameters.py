"""PARAMETERS="BucketName=photos Widths=320,960" and what `sam deploy` takes for it."""

from __future__ import annotations

import difflib
import shlex
from typing import TYPE_CHECKING, Any

from resizer.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


def parse(text: str, declared: Iterable[str]) -> dict[str, str]:
    """The parameters by their names; values with spaces are quoted as in a shell.

    Raises `UsageError` for a name that the template does not have: `sam` would leave it out without a word.
    """
    names = list(declared)
    found = {}
    for part in words(text, "PARAMETERS"):
        name, equals, value = part.partition("=")
        if not equals:
            raise UsageError(f"PARAMETERS: {part!r} is not of the form Name=value.")
        if name not in names:
            near = difflib.get_close_matches(name, names, 1)
            raise UsageError(f"PARAMETERS: there is no {name}." + (f" Did you mean {near[0]}?" if near else ""))
        found[name] = value
    return found


def check_prefixes(parameters: Mapping[str, str], declared: Mapping[str, Mapping[str, Any]]) -> None:
    """Raise `UsageError` where images and renditions of one bucket would meet, which a template cannot compare."""
    values = {name: parameters.get(name, each.get("Default", "")) for name, each in declared.items()}
    source, output = values["SourcePrefix"], values["OutputPrefix"]
    if values["OutputBucket"] or not source or values["AllowOwnOutputToInvoke"] == "yes":
        return
    if source.startswith(output) or output.startswith(source):
        raise UsageError(
            f"SourcePrefix={source} and OutputPrefix={output} are below one another, so renditions would invoke the "
            "function again. Choose prefixes side by side, such as uploads/ and resized/, or give an OutputBucket."
        )


def words(text: str, variable: str) -> list[str]:
    """A variable's words, as a shell would split it. Raises `UsageError` where a quote is not closed."""
    try:
        return shlex.split(text)
    except ValueError as problem:
        raise UsageError(f"{variable}: {problem}.") from problem


def overrides(parameters: Mapping[str, str]) -> list[str]:
    """The values of `--parameter-overrides`, each in the quotes that `sam` removes."""
    return [f'{name}="{_escaped(value)}"' for name, value in parameters.items()]


def again(name: str, parameters: Mapping[str, str]) -> str:
    """The command that deploys the same without questions."""
    given = shlex.join(f"{parameter}={value}" for parameter, value in parameters.items())
    return f"make deploy NAME={shlex.quote(name)} PARAMETERS={shlex.quote(given)}"


def _escaped(value: str) -> str:
    return value.replace('"', '\\"')
