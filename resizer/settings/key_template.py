"""What a template of output keys must be, so that an output is never a source and never belongs to two.

Every output starts with the output prefix, which the guard refuses; and from an output its width and its
key can be read back, which two different (width, key) pairs therefore never share.
"""

from __future__ import annotations

from string import Formatter

WIDTH, KEY = "\0", "\1"  # stand in for a width and a key where a template is looked at


def template_mistake(template: str) -> str | None:
    """What is wrong with a key template, in words that follow its name; None where nothing is."""
    try:
        parts = list(Formatter().parse(template))
    except ValueError as problem:
        return f"is not a template: {problem}"
    if any(spec or conversion for _, _, spec, conversion in parts):
        return "must hold plain fields only, without ! or :"
    if not template.startswith("{prefix}"):
        return "must start with {prefix}, or its outputs could be sources"
    if sorted(name for _, name, _, _ in parts if name is not None) != ["key", "prefix", "width"]:
        return "must hold {prefix}, {width} and {key} once each and nothing else in braces"
    return _ambiguity(template)


def _ambiguity(template: str) -> str | None:
    """Digits of a width must not run into a key, which may start or end with digits of its own."""
    filled = template.format(prefix="", width=WIDTH, key=KEY)
    first, last = sorted((filled.index(WIDTH), filled.index(KEY)))
    between = filled[first + 1 : last]
    touching = between[:1] if filled[first] == WIDTH else between[-1:]
    if not touching or touching.isdigit():
        return "must keep {width} and {key} apart by a character that is no digit, such as {width}-{key}"
    return None


def fill(template: str, prefix: str, width: int, key: str) -> str:
    """The output key for one width of one source key."""
    return template.format(prefix=prefix, width=width, key=key)
