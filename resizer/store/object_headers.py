"""The HTTP headers that a rendition carries on from its source, and those that the settings give it."""

from __future__ import annotations

import re
from posixpath import splitext
from typing import TYPE_CHECKING, Any, Final

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
    headers = {name: source[name] for name in AS_THEY_ARE if source.get(name)}
    if disposition := source.get("ContentDisposition"):
        headers["ContentDisposition"] = disposition
    chosen = {
        "CacheControl": settings.cache_control,
        "Tagging": settings.tags,
        "StorageClass": settings.storage_class,
    }
    return headers | {name: value for name, value in chosen.items() if value}


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
