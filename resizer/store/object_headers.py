"""The HTTP headers of a rendition: copied from its source, or from the settings."""

import re
from collections.abc import Mapping
from contextlib import suppress
from email.message import Message
from email.utils import collapse_rfc2231_value
from posixpath import splitext
from typing import Any, Final
from urllib.parse import quote

from resizer.formats import RENDITIONS
from resizer.model import IMAGE_EXTENSIONS, RenditionPlan
from resizer.settings import Settings
from resizer.settings.rules import Rule

# A rendition with the same bytes is written again if one of these differs.
COPIED: Final = ("CacheControl", "ContentLanguage", "Expires", "ContentDisposition")
NOT_FOR_MANIFESTS: Final = frozenset({"ContentLanguage", "ContentDisposition"})
KIND: Final = re.compile(r"[A-Za-z-]+")
# Characters that all browsers read the same way in a quoted string (RFC 6266, appendix D); others are percent-encoded.
PLAIN_NAME: Final = re.compile(r"[ !#-$&-\[\]-~]+")


def headers_for(source: Mapping[str, Any], settings: Settings, rule: Rule) -> dict[str, Any]:
    """Arguments for a PUT: the source's caching, language, expiry and disposition; settings override them.

    Headers that are not ASCII cannot be sent, and are left out; `content_disposition` encodes its own.
    """
    copied = {name: source.get(name) for name in COPIED}
    copied = {name: value for name, value in copied.items() if name == "ContentDisposition" or str(value).isascii()}
    chosen = {"CacheControl": rule.cache_control, "Tagging": settings.tags, "StorageClass": settings.storage_class}
    return {name: value for headers in (copied, chosen) for name, value in headers.items() if value}


def content_disposition(own: str | None, source_key: str, plan: RenditionPlan) -> str | None:
    """The `Content-Disposition` of a rendition; None if it needs none.

    `own` is the source's: its type (`inline`, `attachment`) is kept, and its file name gets the rendition's extension.
    If it has no file name and the output key has the wrong extension, the source's name is used. The header is ASCII:
    other characters are encoded by RFC 6266.
    """
    extensions = RENDITIONS[plan.format].extensions
    kind, name = _parsed(own) if own else ("inline", None)
    if splitext(name or plan.key)[1].lower() in extensions and (own is None or own.isascii()):
        return own
    name = name or source_key.rstrip("/").rpartition("/")[2] or "image"
    stem, extension = splitext(name)
    if extension.lower() not in extensions:
        name = (stem if extension.lower() in IMAGE_EXTENSIONS else name) + extensions[0]
    encoded = f'filename="{name}"' if PLAIN_NAME.fullmatch(name) else f"filename*=UTF-8''{quote(name, safe='')}"
    return f"{kind}; {encoded}"


def _parsed(disposition: str) -> tuple[str, str | None]:
    """The kind and the file name in a header; `filename*` has priority over `filename`."""
    with suppress(UnicodeError):
        disposition = disposition.encode("latin-1").decode()  # botocore reads headers as Latin-1, but most are UTF-8
    message = Message()
    message["Content-Disposition"] = disposition
    found = [("", "")]
    with suppress(TypeError):  # `email` cannot read `filename*` beside `filename*0`
        found = message.get_params(header="Content-Disposition") or found
    (kind, _), *parameters = found
    names = {parameter.lower(): value for parameter, value in parameters}  # get_params puts `filename*` last
    name = collapse_rfc2231_value(names["filename"]) if names.get("filename") else None
    return kind if KIND.fullmatch(kind) else "inline", name
