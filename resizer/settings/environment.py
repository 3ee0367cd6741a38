"""Parses the environment variables: each one's setting and its valid values."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlencode

from resizer.settings.bucket_name import bucket_name_mistake
from resizer.settings.key_template import template_mistake

if TYPE_CHECKING:
    from collections.abc import Callable

WIDEST = 16_383  # the widest image that WebP can hold, so that every width works in every format
MAX_WIDTHS = 20  # a source costs a PUT, and its removal HEADs, for each
EXTRA_FORMATS = frozenset({"source", "jpeg", "png", "webp", "avif"})
KEEP_METADATA = ("copyright", "none", "all")
MAX_TAGS = 10  # by the S3 user guide
# Those that can be read at once; a rendition in an archive would be no rendition.
STORAGE_CLASSES = frozenset(
    {"STANDARD", "STANDARD_IA", "ONEZONE_IA", "INTELLIGENT_TIERING", "GLACIER_IR", "REDUCED_REDUNDANCY"}
)


class OnDelete(StrEnum):
    """What happens to renditions when their source is deleted."""

    REMOVE = "remove"
    KEEP = "keep"


def _positive(text: str) -> int:
    if not re.fullmatch(r"0*[1-9][0-9]{0,14}", text):
        raise ValueError("must be a whole number above zero, of at most 15 digits")
    return int(text)


def _listed(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def parse_widths(text: str) -> tuple[int, ...]:
    """`480,640,1000` as numbers, widest first, each once, at most `MAX_WIDTHS`. Raises `ValueError`."""
    parts = _listed(text)
    if not parts or not all(re.fullmatch("0*[1-9][0-9]{0,4}", part) and int(part) <= WIDEST for part in parts):
        raise ValueError(f"must be widths in pixels from 1 to {WIDEST}, such as 480,640,1000")
    widths = {int(part) for part in parts}
    if len(widths) > MAX_WIDTHS:
        raise ValueError(f"must be at most {MAX_WIDTHS} widths; these are {len(widths)}")
    return tuple(sorted(widths, reverse=True))


def _output_bucket(text: str) -> str:
    if mistake := bucket_name_mistake(text):  # an access point's alias could lead back to the sources
        raise ValueError(mistake)
    return text


def _output_prefix(text: str) -> str:
    if text.startswith("/"):
        raise ValueError("must not start with a slash, which S3 would keep as a folder without a name")
    return _prefix(text)


def _prefix(text: str) -> str:
    if len(text.encode()) > 512:
        raise ValueError("must be at most 512 bytes long, for S3 keys end at 1,024")
    return text


def _key_template(text: str) -> str:
    if mistake := template_mistake(text):
        raise ValueError(mistake)
    return text


def _formats(text: str) -> tuple[str, ...]:
    parts = tuple(dict.fromkeys(part.lower() for part in _listed(text)))
    if not parts or not set(parts) <= EXTRA_FORMATS:
        raise ValueError(f"must be a list of {', '.join(sorted(EXTRA_FORMATS))}")
    return parts


def _quality(text: str) -> dict[str, int]:
    parts = _listed(text)
    found = [re.fullmatch(r"(jpeg|webp|avif)=([1-9][0-9]?|100)", part) for part in parts]
    chosen = {match[1]: int(match[2]) for match in found if match}
    if not parts or len(chosen) < len(parts):
        raise ValueError("must be pairs such as jpeg=80,webp=78,avif=55, each once and from 1 to 100")
    return chosen


def header_value(text: str) -> str:
    """Check a header's value. Raises `ValueError`."""
    if not text.isascii() or not text.isprintable():
        raise ValueError("must be printable ASCII, for it is sent as an HTTP header")
    return text


def _on_delete(text: str) -> OnDelete:
    if text.lower() not in set(OnDelete):
        raise ValueError("must be remove or keep")
    return OnDelete(text.lower())


def _queue_url(text: str) -> str:
    if not text.startswith(("https://", "http://")):
        raise ValueError("must be a queue's URL, which starts with https://; its ARN or name will not do")
    return text


def _function(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9_:$-]{1,170}", text):
        raise ValueError("must be the name or the ARN of a Lambda function")
    return text


def _event_bus(text: str) -> str:
    if not re.fullmatch(r"(arn:[a-z-]+:events:[a-z0-9-]+:[0-9]{12}:event-bus/)?[A-Za-z0-9._/-]{1,256}", text):
        raise ValueError("must be the name or the ARN of an EventBridge event bus")
    return text


def _buckets(text: str) -> frozenset[str]:
    if not (names := _listed(text)):
        raise ValueError("must be names of buckets; leave it empty to serve any")
    return frozenset(names)


def _keep_metadata(text: str) -> str:
    if text not in KEEP_METADATA:
        raise ValueError(f"must be one of {', '.join(KEEP_METADATA)}")
    return text


def _tags(text: str) -> str:
    try:
        pairs = parse_qsl(text, strict_parsing=True)
    except ValueError:
        raise ValueError("must be tags such as team=shop&kind=rendition, each with its `=`") from None
    too_long = any(len(name) > 128 or len(value) > 256 for name, value in pairs)
    if too_long or len(pairs) > MAX_TAGS or len(dict(pairs)) < len(pairs):
        raise ValueError(f"must be at most {MAX_TAGS} tags such as team=shop&kind=rendition, by S3's limits, each once")
    return urlencode(pairs)


def _storage_class(text: str) -> str:
    if text not in STORAGE_CLASSES:
        raise ValueError(f"must be one of {', '.join(sorted(STORAGE_CLASSES))}")
    return text


def _account(text: str) -> str:
    if not (len(text) == 12 and text.isascii() and text.isdigit()):
        raise ValueError("must be an AWS account's twelve digits")
    return text


# Each variable, the setting that it gives, and its parser.
VARIABLES: dict[str, tuple[str, Callable[[str], object]]] = {
    "RESIZER_OUTPUT_BUCKET": ("output_bucket", _output_bucket),
    "RESIZER_OUTPUT_PREFIX": ("output_prefix", _output_prefix),
    "RESIZER_SOURCE_PREFIX": ("source_prefix", _prefix),
    "RESIZER_KEY_TEMPLATE": ("key_template", _key_template),
    "RESIZER_MAX_PIXELS": ("max_pixels", _positive),
    "RESIZER_MAX_BYTES": ("max_bytes", _positive),
    "RESIZER_BUCKETS": ("buckets", _buckets),
    "RESIZER_BUCKET_OWNER": ("bucket_owner", _account),  # clients.py asks S3 to hold to it
    "RESIZER_KEEP_METADATA": ("keep_metadata", _keep_metadata),
    "RESIZER_TAGS": ("tags", _tags),
    "RESIZER_STORAGE_CLASS": ("storage_class", _storage_class),
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": ("function_memory", _positive),
    "RESIZER_ON_DELETE": ("on_delete", _on_delete),
    "RESIZER_REJECTIONS_QUEUE_URL": ("rejections_queue_url", _queue_url),
    "RESIZER_LARGE_FUNCTION": ("large_function", _function),
    "RESIZER_EVENT_BUS": ("event_bus", _event_bus),
}
# The same for the keys of `[defaults]` in the file, over which they win.
OF_DEFAULTS: dict[str, tuple[str, Callable[[str], object]]] = {
    "RESIZER_WIDTHS": ("renditions", parse_widths),
    "RESIZER_FORMATS": ("formats", _formats),
    "RESIZER_QUALITY": ("quality", _quality),
    "RESIZER_CACHE_CONTROL": ("cache_control", header_value),
}
