"""The template of output keys, such as `{prefix}{width}-{key}`.

Every output key starts with the output prefix, which the guard refuses as a source. The width and the key can be read
back from an output key, so two different pairs of width and key never share one.
"""

from __future__ import annotations

from string import Formatter

WIDTH, KEY = "\0", "\1"  # placeholders for a width and a key


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
    if sorted(name for _, name, _, _ in parts if name is not None) != ["key", "prefix", "width"]:
        return "must have {prefix}, {width} and {key} once each and nothing else in braces"
    return _ambiguity(template)


def _ambiguity(template: str) -> str | None:
    """Say so where the digits of a width touch a key, which may start or end with digits of its own."""
    filled = template.format(prefix="", width=WIDTH, key=KEY)
    first, last = sorted((filled.index(WIDTH), filled.index(KEY)))
    between = filled[first + 1 : last]
    touching = between[:1] if filled[first] == WIDTH else between[-1:]
    if not touching or touching.isdigit():
        return "must separate {width} and {key} by a character that is not a digit, such as {width}-{key}"
    return None


def fill(template: str, prefix: str, width: int, key: str) -> str:
    """The output key for one width of one source key."""
    return template.format(prefix=prefix, width=width, key=key)
