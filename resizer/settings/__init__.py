"""Environment variables to a frozen `Settings`, all mistakes reported at once."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Self

from resizer.errors import ConfigError
from resizer.settings.environment import VARIABLES, OnDelete
from resizer.settings.rules import Quality

if TYPE_CHECKING:
    from collections.abc import Mapping

    from resizer.model import SourceObject

# Raise it when the same settings give other bytes or headers than before, so that existing renditions are replaced.
RECIPE_VERSION = 5


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
    bucket_owner: str | None = None
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
