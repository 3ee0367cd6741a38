"""Environment variables and `resizer.toml` to a frozen `Settings`, all mistakes reported at once."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Self

from resizer.errors import ConfigError
from resizer.settings import file
from resizer.settings.environment import OF_DEFAULTS, VARIABLES, OnDelete
from resizer.settings.key_template import fill_bucket, has_bucket
from resizer.settings.resolve import resolve
from resizer.settings.rules import RenditionSpec, Rule, Watermark

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from resizer.model import SourceObject

# Raise it when the same settings give other bytes or headers than before, so that existing renditions are replaced.
RECIPE_VERSION = 5


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings; the README's table and docs/rules.md describe each field.

    The first of `rules` whose globs match a source's key says what is made of it; without one, `defaults` does.
    `function_memory` is the function's size in MB, None outside Lambda.
    """

    defaults: Rule = field(default_factory=Rule.of_widths)
    rules: tuple[Rule, ...] = ()
    watermarks: Mapping[str, Watermark] = field(default_factory=dict)
    output_bucket: str | None = None
    output_prefix: str = "resized/"
    source_prefix: str = ""
    key_template: str = "{prefix}{name}-{key}"
    max_pixels: int = 100_000_000
    max_bytes: int = 104_857_600
    buckets: frozenset[str] = frozenset()
    bucket_owner: str | None = None
    keep_metadata: str = "copyright"
    tags: str | None = None
    storage_class: str | None = None
    function_memory: int | None = None
    on_delete: OnDelete = OnDelete.REMOVE
    rejections_queue_url: str | None = None
    large_function: str | None = None
    event_bus: str | None = None

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> Self:
        """Read the `RESIZER_*` variables, and the rules from `resizer.toml` where there is one.

        Raises `ConfigError` with all mistakes, each by its variable, or by its file and the path in it.
        """
        mistakes: list[str] = []
        values = _parsed(environ, VARIABLES, mistakes)
        if "output_bucket" in values and "RESIZER_OUTPUT_PREFIX" in environ:
            values.setdefault("output_prefix", "")  # set to nothing, which only means something there
        of_defaults = _parsed(environ, OF_DEFAULTS, mistakes)
        document: Mapping[str, Any] = {}
        try:
            document = file.read(path) if (path := file.find(environ)) else document
        except ConfigError as wrong:
            mistakes += wrong.mistakes
        settings = cls(**resolve(document, of_defaults)._asdict(), **values)
        if mistakes := [*mistakes, *settings._clashes()]:
            raise ConfigError(mistakes)
        return settings

    def rule_for(self, key: str) -> Rule:
        """The first rule that matches a source's key, or else the defaults."""
        return next((rule for rule in self.rules if rule.matches(key)), self.defaults)

    def recipe_of(self, rule: Rule, spec: RenditionSpec) -> str:
        """A short hash of what shapes the bytes and the headers of one rendition, whatever its format.

        Its name and formats are left out, for each has a key of its own.
        """
        shaping = (
            RECIPE_VERSION, replace(spec, name="", formats=()), self.watermarks.get(spec.watermark or ""),
            rule.cache_control, rule.placeholder, self.keep_metadata, self.tags, self.storage_class,
        )  # fmt: skip
        return hashlib.sha256(repr(shaping).encode()).hexdigest()[:16]

    def output_bucket_for(self, source: SourceObject) -> str:
        """The bucket that the renditions of a source are in: its own, unless they have one of their own."""
        return self.output_bucket or source.bucket

    def for_bucket(self, bucket: str) -> Self:
        """The same settings for the sources of one bucket, whose name is filled into the key template."""
        if not has_bucket(self.key_template):
            return self
        return replace(self, key_template=fill_bucket(self.key_template, bucket))

    @property
    def guarded_prefix(self) -> str | None:
        """The prefix in a source bucket below which nothing is a source; None beside an output bucket."""
        return self.output_prefix if self.output_bucket is None else None

    def forwards(self, source: SourceObject) -> bool:
        """Whether a source that needs more memory goes to the large function; only once, to avoid loops."""
        return self.large_function is not None and not source.forwarded

    def with_widths(self, widths: tuple[int, ...] | None) -> Self:
        """The same settings with an event's own widths, where it has any, instead of every rule's renditions.

        They have no manifest. What a rule skips is still skipped.
        """
        if not widths:
            return self
        rules = tuple(rule.with_widths(widths) for rule in self.rules)
        return replace(self, defaults=self.defaults.with_widths(widths), rules=rules)

    def _clashes(self) -> Iterator[str]:
        """Mistakes in settings that exclude each other."""
        guarded = self.guarded_prefix
        if guarded is not None and self.source_prefix.startswith(guarded):
            yield (
                f"RESIZER_SOURCE_PREFIX={self.source_prefix!r}: lies under RESIZER_OUTPUT_PREFIX="
                f"{guarded!r}, so no object could ever be a source; choose another prefix"
            )
        for name, watermark in self.watermarks.items():
            key = watermark.key
            is_source = key.startswith(self.source_prefix) and (guarded is None or not key.startswith(guarded))
            if is_source and not self.rule_for(key).skip:
                yield f"watermarks.{name}.key: {key} would be resized itself; add a rule for it with skip = true"
        if self.output_bucket:
            yield from self._output_bucket_mistakes(f"RESIZER_OUTPUT_BUCKET={self.output_bucket!r}")

    def _output_bucket_mistakes(self, variable: str) -> Iterator[str]:
        """What does not go together with an output bucket."""
        if self.output_bucket in self.buckets:
            yield f"{variable}: is one of RESIZER_BUCKETS, so outputs could be sources; choose another bucket"
        if len(self.buckets) != 1 and not has_bucket(self.key_template):
            yield (
                f"{variable}: gets the renditions of several buckets, so RESIZER_KEY_TEMPLATE must have {{bucket}}, "
                "such as {prefix}{bucket}/{name}-{key}; or name one bucket in RESIZER_BUCKETS"
            )


def _parsed(
    environ: Mapping[str, str], variables: Mapping[str, tuple[str, Callable[[str], object]]], mistakes: list[str]
) -> dict[str, Any]:
    """The value of each variable that is set, by its name here; what cannot be parsed is added to the mistakes."""
    values: dict[str, Any] = {}
    for variable, (name, parse) in variables.items():
        if not (text := environ.get(variable, "").strip()):
            continue
        try:
            values[name] = parse(text)
        except ValueError as mistake:
            mistakes.append(f"{variable}={text!r}: {mistake}")
    return values
