"""The template of output keys, such as `{prefix}{name}-{key}`.

Every output key starts with the output prefix, which the guard refuses as a source. The rendition's name and the
source's key can be read back from an output key, so two different pairs of them never share one.
"""

from __future__ import annotations

import re
from string import Formatter

NAME, KEY = "\0", "\1"  # placeholders for a name and a key
# The characters of a rendition's name: ASCII, so that a name looks the same in every URL.
NAME_CHARACTER = re.compile("[A-Za-z0-9_]")
SPELLINGS = {"width": "name"}  # {width} is another spelling of {name}


def template_mistake(template: str) -> str | None:
    """Say what is wrong with a key template, in words that follow its name; None where nothing is."""
    try:
        parts = list(Formatter().parse(template))
    except ValueError as problem:
        return f"is not a template: {problem}"
    if any(spec or conversion for _, _, spec, conversion in parts):
        return "must have plain fields only, without ! or :"
    if not template.startswith("{prefix}"):
        return "must start with {prefix}, or outputs could be sources"
    fields = [SPELLINGS.get(field, field) for _, field, _, _ in parts if field is not None]
    if sorted(fields) != ["key", "name", "prefix"]:
        return "must have {prefix}, {name} (or {width}) and {key} once each and nothing else in braces"
    return _ambiguity(template)


def _ambiguity(template: str) -> str | None:
    """Say so where nobody could tell a name from a key.

    The first character between them cannot be in a name. So it is the first of its kind behind a name, and the last
    before one but for what the template has there.
    """
    filled = fill(template, "", NAME, KEY)
    first, last = sorted((filled.index(NAME), filled.index(KEY)))
    between = filled[first + 1 : last]
    if not between or NAME_CHARACTER.match(between):
        return "must have a character between {name} and {key} that is no letter, digit or _, such as {name}-{key}"
    return None


def fill(template: str, prefix: str, name: str, key: str) -> str:
    """The output key for one rendition's name and one source key."""
    return template.format(prefix=prefix, name=name, width=name, key=key)
