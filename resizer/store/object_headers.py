"""The HTTP headers that a rendition carries on from its source, and those that the settings give it."""

from __future__ import annotations

import re
from contextlib import suppress
from posixpath import splitext
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from resizer.model import EXTENSIONS, READABLE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from resizer.settings import Settings

AS_THEY_ARE: Final = ("CacheControl", "ContentLanguage", "Expires")
# The file name in a Content-Disposition, quoted, plain or encoded (RFC 6266, 4.1; RFC 9110, 5.6.4), a plain one with
# blanks in it as browsers take it; or else a quoted string, which may hold what only looks like one. Blanks are those
# of ASCII, for the header is UTF-8 read as Latin-1. Nothing is matched twice, so a long header takes no longer.
FILE_NAME: Final = re.compile(
    r'((?:^|;)[ \t]*+filename\*?[ \t]*+=[ \t]*+"?+)'
    r'((?<=")(?:[^"\\]|\\.)++|(?<!")[^";]*[^"; \t](?=[ \t]*(?:;|$)))("?)'
    r'|"(?:[^"\\]|\\.)*+"?',
    re.IGNORECASE,
)
IMAGE_EXTENSIONS: Final = READABLE.union(*EXTENSIONS.values())


def carried_headers(source: Mapping[str, Any], settings: Settings) -> dict[str, Any]:
    """Arguments for a PUT: the source's own caching, language and expiry, and the settings' overrides."""
    headers = {name: source[name] for name in AS_THEY_ARE if source.get(name) and str(source[name]).isascii()}
    if disposition := source.get("ContentDisposition"):
        headers["ContentDisposition"] = in_ascii(disposition)
    chosen = {
        "CacheControl": settings.cache_control,
        "Tagging": settings.tags,
        "StorageClass": settings.storage_class,
    }
    return headers | {name: value for name, value in chosen.items() if value}


def in_ascii(disposition: str) -> str:
    """A Content-Disposition in ASCII, which botocore sends as it is: it encodes other letters a second time.

    A file name with other letters is kept as `filename*`, with a plain one before it (RFC 6266, appendix D; RFC 8187).
    """
    with suppress(UnicodeError):
        disposition = disposition.encode("latin-1").decode()  # headers come as Latin-1, and mostly mean UTF-8
    has_encoded = re.search(r"filename\*", disposition, re.IGNORECASE)

    def encoded(match: re.Match[str]) -> str:
        before, name, after = match.groups()
        if name is None or name.isascii():
            return match.group()
        if "*" in before:
            return before + "".join(letter if letter.isascii() else quote(letter) for letter in name) + after
        plain = before + re.sub(r"[^\x00-\x7f]", "_", name) + after
        return plain if has_encoded else plain + "; filename*=UTF-8''" + quote(re.sub(r"\\(.)", r"\1", name), safe="")

    return FILE_NAME.sub(encoded, disposition).encode("ascii", "replace").decode()


def with_extension(disposition: str, extensions: tuple[str, ...]) -> str:
    """A Content-Disposition whose file name ends in one of a format's extensions, the first where it does not yet."""

    def corrected(match: re.Match[str]) -> str:
        before, whole, after = match.groups()
        name, extension = splitext(whole or "")
        if not whole or extension.lower() in extensions:
            return match.group()
        kept = name if extension.lower() in IMAGE_EXTENSIONS else whole
        return f"{before}{kept}{extensions[0]}{after}"

    return FILE_NAME.sub(corrected, disposition)
