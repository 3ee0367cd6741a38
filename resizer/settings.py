"""Environment variables to a frozen `Settings`, all mistakes reported at once."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Self
from urllib.parse import parse_qsl, urlencode

from resizer.errors import ConfigError
from resizer.key_template import template_mistake

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from resizer.model import SourceObject

# Raised whenever the same settings would give other bytes than before, so that re-runs replace what stands.
RECIPE_VERSION = 1
WIDEST = 16_383  # the widest image that WebP can hold, so that every width works in every format
EXTRA_FORMATS = frozenset({"source", "jpeg", "png", "webp", "avif"})
KEEP_METADATA = ("copyright", "none", "all")
MOST_TAGS = 10  # by the S3 user guide
# Those that can be read at once; a rendition in an archive would be no rendition.
STORAGE_CLASSES = frozenset(
    {"STANDARD", "STANDARD_IA", "ONEZONE_IA", "INTELLIGENT_TIERING", "GLACIER_IR", "REDUCED_REDUNDANCY"}
)


class OnDelete(StrEnum):
    """What becomes of the renditions when their source is deleted."""

    REMOVE = "remove"
    KEEP = "keep"


@dataclass(frozen=True, slots=True)
class Quality:
    """Encoder quality per lossy format, 1 to 100."""

    jpeg: int = 80
    webp: int = 78
    avif: int = 55


@dataclass(frozen=True, slots=True)
class Settings:
    """What an operator decides; the README's table describes each field. Widths are sorted, widest first.

    `function_memory` is the function's size in MB, None outside Lambda.
    """

    widths: tuple[int, ...] = (1000, 640, 480)
    output_prefix: str = "resized/"
    source_prefix: str = ""
    key_template: str = "{prefix}{width}-{key}"
    formats: tuple[str, ...] = ("source",)
    quality: Quality = field(default_factory=Quality)
    max_pixels: int = 100_000_000
    max_bytes: int = 104_857_600
    cache_control: str | None = None
    buckets: frozenset[str] = frozenset()
    keep_metadata: str = "copyright"
    tags: str | None = None
    storage_class: str | None = None
    function_memory: int | None = None
    on_delete: OnDelete = OnDelete.REMOVE
    rejections_queue_url: str | None = None
    large_function: str | None = None

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> Self:
        """Read the `RESIZER_*` variables. Raises `ConfigError` with all mistakes, each by its variable."""
        mistakes: list[str] = []
        values: dict[str, object] = {}
        for variable, (name, parse) in VARIABLES.items():
            text = environ.get(variable, "").strip()
            if not text:
                continue
            try:
                values[name] = parse(text)
            except ValueError as mistake:
                mistakes.append(f"{variable}={text!r}: {mistake}")
        settings = cls(**values)  # type: ignore[arg-type] # each parser returns its field's type
        if settings.source_prefix.startswith(settings.output_prefix):
            mistakes.append(
                f"RESIZER_SOURCE_PREFIX={settings.source_prefix!r}: lies under RESIZER_OUTPUT_PREFIX="
                f"{settings.output_prefix!r}, so no object could ever be a source; choose another prefix"
            )
        if mistakes:
            raise ConfigError(mistakes)
        return settings

    @property
    def recipe(self) -> str:
        """A short hash of what shapes a rendition; widths are left out, for each has a key of its own."""
        shaping = (
            RECIPE_VERSION, self.quality, self.formats, self.cache_control, self.keep_metadata, self.tags,
            self.storage_class,
        )  # fmt: skip
        return hashlib.sha256(repr(shaping).encode()).hexdigest()[:16]

    def hands_over(self, source: SourceObject) -> bool:
        """Whether a source that needs more memory goes to the large function; once, so that none bounces."""
        return self.large_function is not None and not source.handed_over

    def with_widths(self, widths: tuple[int, ...] | None) -> Self:
        """The same settings with an event's own widths, where it has any."""
        return replace(self, widths=widths) if widths else self


def _positive(text: str) -> int:
    number = int(text) if text.isascii() and text.isdigit() else 0
    if number < 1:
        raise ValueError("must be a whole number above zero")
    return number


def _listed(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def parse_widths(text: str) -> tuple[int, ...]:
    """`480,640,1000` as numbers, widest first, each once. Raises `ValueError`."""
    parts = _listed(text)
    if not parts or not all(part.isascii() and part.isdigit() and 1 <= int(part) <= WIDEST for part in parts):
        raise ValueError(f"must be widths in pixels from 1 to {WIDEST}, such as 480,640,1000")
    return tuple(sorted({int(part) for part in parts}, reverse=True))


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


def _quality(text: str) -> Quality:
    known = {"jpeg", "webp", "avif"}
    pairs = dict(part.partition("=")[::2] for part in _listed(text))
    if not all(name in known and value.isdigit() and 1 <= int(value) <= 100 for name, value in pairs.items()):
        raise ValueError("must be pairs such as jpeg=80,webp=78,avif=55, each from 1 to 100")
    return Quality(**{name: int(value) for name, value in pairs.items()})


def _header_value(text: str) -> str:
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


def _buckets(text: str) -> frozenset[str]:
    return frozenset(_listed(text))


def _keep_metadata(text: str) -> str:
    if text not in KEEP_METADATA:
        raise ValueError(f"must be one of {', '.join(KEEP_METADATA)}")
    return text


def _tags(text: str) -> str:
    pairs = parse_qsl(text, strict_parsing=True)  # raises ValueError with a message of its own
    if len(pairs) > MOST_TAGS or any(len(name) > 128 or len(value) > 256 for name, value in pairs):
        raise ValueError(f"must be at most {MOST_TAGS} tags such as team=shop&kind=rendition, by S3's limits")
    return urlencode(pairs)


def _storage_class(text: str) -> str:
    if text not in STORAGE_CLASSES:
        raise ValueError(f"must be one of {', '.join(sorted(STORAGE_CLASSES))}")
    return text


VARIABLES: dict[str, tuple[str, Callable[[str], object]]] = {
    "RESIZER_WIDTHS": ("widths", parse_widths),
    "RESIZER_OUTPUT_PREFIX": ("output_prefix", _output_prefix),
    "RESIZER_SOURCE_PREFIX": ("source_prefix", _prefix),
    "RESIZER_KEY_TEMPLATE": ("key_template", _key_template),
    "RESIZER_FORMATS": ("formats", _formats),
    "RESIZER_QUALITY": ("quality", _quality),
    "RESIZER_MAX_PIXELS": ("max_pixels", _positive),
    "RESIZER_MAX_BYTES": ("max_bytes", _positive),
    "RESIZER_CACHE_CONTROL": ("cache_control", _header_value),
    "RESIZER_BUCKETS": ("buckets", _buckets),
    "RESIZER_KEEP_METADATA": ("keep_metadata", _keep_metadata),
    "RESIZER_TAGS": ("tags", _tags),
    "RESIZER_STORAGE_CLASS": ("storage_class", _storage_class),
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": ("function_memory", _positive),
    "RESIZER_ON_DELETE": ("on_delete", _on_delete),
    "RESIZER_REJECTIONS_QUEUE_URL": ("rejections_queue_url", _queue_url),
    "RESIZER_LARGE_FUNCTION": ("large_function", _function),
}
