"""The template of output keys, such as `{prefix}{name}-{key}`.

Every output key starts with the output prefix, which the guard refuses as a source. The rendition's name, the
source's key and, where the template has it, its bucket can be read back from an output key, so no two share one.
"""

from __future__ import annotations

import re
from itertools import pairwise
from string import Formatter

NAME, KEY, BUCKET = "\0", "\1", "\2"  # placeholders for a name, a key and a bucket
# What a rendition's name and a bucket's may hold: ASCII, so that a name looks the same in every URL.
CHARACTERS = {NAME: re.compile("[A-Za-z0-9_]"), BUCKET: re.compile("[A-Za-z0-9._-]")}
MISTAKES = {
    NAME: "must have a character between {name} and {key} that is no letter, digit or _, such as {name}-{key}",
    BUCKET: "must have a character between {bucket} and what follows towards {key} that no bucket's name has, such as "
    "{bucket}/{name}-{key}",
}
BUCKET_FIELD = re.compile(r"(?<!\{)((?:\{\{)*)\{bucket\}")  # within double braces it is text
SPELLINGS = {"width": "name"}  # {width} is another spelling of {name}


def template_mistake(template: str) -> str | None:
    """Say what is wrong with a key template, in words that follow its name; None where nothing is."""
    try:
        parts = list(Formatter().parse(template))
    except ValueError as problem:
        return f"is not a template: {problem}"
    if not template.isprintable():
        return "must have printable characters only"
    if any(spec or conversion for _, _, spec, conversion in parts):
        return "must have plain fields only, without ! or :"
    if not template.startswith("{prefix}"):
        return "must start with {prefix}, or outputs could be sources"
    fields = sorted(SPELLINGS.get(field, field) for _, field, _, _ in parts if field is not None)
    if fields not in (["key", "name", "prefix"], ["bucket", "key", "name", "prefix"]):
        return "must have {prefix}, {name} (or {width}) and {key} once each, {bucket} at most once, and no other braces"
    return _ambiguity(template)


def _ambiguity(template: str) -> str | None:
    """Say so where nobody could tell a name or a bucket from what is beside it.

    Towards the key, what follows a field begins with a character that the field cannot have. So before the key a field
    ends at the first such character, and behind the key it begins at the last, but for those that the template has.
    """
    filled = fill(fill_bucket(template, BUCKET), "", NAME, KEY)
    places = [place for place, character in enumerate(filled) if character in {NAME, KEY, BUCKET}]
    for first, last in pairwise(places):
        between = filled[first + 1 : last]
        field = filled[first] if last <= filled.index(KEY) else filled[last]
        if not between or CHARACTERS[field].match(between):
            return MISTAKES[field]
    return None


def has_bucket(template: str) -> bool:
    """Whether output keys have the name of the source's bucket in them."""
    return BUCKET_FIELD.search(template) is not None


def fill_bucket(template: str, bucket: str) -> str:
    """The template for the sources of one bucket."""
    return BUCKET_FIELD.sub(rf"\g<1>{bucket}", template)


def fill(template: str, prefix: str, name: str, key: str) -> str:
    """The output key for one rendition's name and one source key; `{bucket}` is filled in before."""
    return template.format(prefix=prefix, name=name, width=name, key=key)
