"""The template of output keys, such as `{prefix}{name}-{key}`.

Every output key starts with the output prefix, so it is never a source. The rendition's name, the source's key and, if
the template has it, its bucket can be read back from an output key, so no two outputs have the same key.
"""

import re
from typing import Final

# The characters of a rendition's name and of a bucket's, as a pattern and in words.
CHARACTERS: Final = {
    "name": ("[A-Za-z0-9_]", "letter, digit or _, such as - or /"),
    "bucket": ("[A-Za-z0-9._-]", "letter, digit, dot, - or _, such as /"),
}


def parse_key_template(text: str) -> str:
    """Check a template. Raises `ValueError`."""
    _, *parts = re.split(r"\{(\w+)\}", text)
    fields, between = ["name" if field == "width" else field for field in parts[::2]], parts[1::2]
    if not text.startswith("{prefix}"):
        raise ValueError("must start with {prefix}; otherwise outputs could be sources")
    if sorted({*fields, "bucket"}) != ["bucket", "key", "name", "prefix"] or len({*fields}) < len(fields):
        raise ValueError("must have {prefix}, {name} (or {width}) and {key} once each, and {bucket} at most once")
    if re.search("[{}]", "".join(between)) or not text.isprintable():
        raise ValueError("must have no other braces and only printable characters")
    # A field before the key is read from the left, one after it from the right. So it ends where the text between it
    # and the next field towards the key begins, if that starts with a character that the field cannot have.
    for index in range(1, len(fields) - 1):
        field = fields[index] if index < fields.index("key") else fields[index + 1]
        pattern, words = CHARACTERS[field]
        if re.match(f"$|{pattern}", between[index]):
            raise ValueError(f"must have, right after {{{parts[2 * index]}}}, a character that is no {words}")
    return text


def fill(template: str, prefix: str, name: str, key: str) -> str:
    """The output key for one rendition's name and one source key; `{bucket}` is filled in before."""
    return template.format(prefix=prefix, name=name, width=name, key=key)
