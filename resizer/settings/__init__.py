"""Reads environment variables and `resizer.toml` into a frozen `Settings`; reports all mistakes together."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self

from resizer.errors import ConfigError
from resizer.model import SourceObject
from resizer.settings import file
from resizer.settings.environment import OF_DEFAULTS, VARIABLES, parsed
from resizer.settings.resolve import resolve
from resizer.settings.rules import RenditionSpec, Rule, Watermark

# Increase it when the same settings produce other bytes or headers, so that existing renditions are replaced.
RECIPE_VERSION = 5


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings; the README's table and docs/rules.md describe each field.

    The first of `rules` whose globs match a source's key applies to it, or else `defaults`.
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
    on_delete: str = "remove"
    rejections_queue_url: str | None = None
    large_function: str | None = None
    event_bus: str | None = None

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> Self:
        """Read the `RESIZER_*` variables, and the rules from `resizer.toml` if there is one.

        Raises `ConfigError` with all mistakes, each by its variable, or by its file and the path in it.
        """
        values, mistakes = parsed(environ, VARIABLES)
        of_defaults, others = parsed(environ, OF_DEFAULTS)
        mistakes += others
        if "output_bucket" in values and "RESIZER_OUTPUT_PREFIX" in environ:
            values.setdefault("output_prefix", "")  # an output bucket needs no prefix, so an empty one is no mistake
        document: dict[str, Any] = {}
        try:
            if path := file.find(environ):
                document = file.read(path)
        except ConfigError as wrong:
            mistakes += wrong.mistakes
        settings = cls(**resolve(document, of_defaults), **values)
        unusable = {mistake.partition("=")[0] for mistake in mistakes}  # their defaults, used instead, may clash
        mistakes += [clash for clash in settings._clashes(path) if not any(each in clash for each in unusable)]
        if mistakes:
            raise ConfigError(mistakes)
        return settings

    def rule_for(self, key: str) -> Rule:
        """The first rule that matches a source's key, or else the defaults."""
        return next((rule for rule in self.rules if rule.matches(key)), self.defaults)

    def recipe_of(self, rule: Rule, spec: RenditionSpec) -> str:
        """A short hash of all settings that change the bytes or the headers of a rendition.

        Its name and formats are left out, because each has a key of its own.
        """
        shaping = (
            RECIPE_VERSION, replace(spec, name="", formats=()), self.watermarks.get(spec.watermark or ""),
            rule.cache_control, rule.placeholder, self.keep_metadata, self.tags, self.storage_class,
        )  # fmt: skip
        return hashlib.sha256(repr(shaping).encode()).hexdigest()[:16]

    def output_bucket_for(self, source: SourceObject) -> str:
        """The bucket that the renditions of a source are written to: the output bucket, or else the source's own."""
        return self.output_bucket or source.bucket

    def for_bucket(self, bucket: str) -> Self:
        """The same settings for the sources of one bucket, whose name is filled into the key template."""
        return replace(self, key_template=self.key_template.replace("{bucket}", bucket))

    def is_output(self, key: str) -> bool:
        """Whether a decoded key of a source bucket is under the output prefix, where nothing is ever a source.

        With an output bucket, no key of another bucket is an output.
        """
        return self.output_bucket is None and key.startswith(self.output_prefix)

    def is_source(self, key: str) -> bool:
        """Whether an object of a source bucket with this decoded key is a source; a rule may skip it."""
        return key.startswith(self.source_prefix) and not self.is_output(key)

    def forwards(self, source: SourceObject) -> bool:
        """Whether a source that needs more memory goes to the large function; only once, to avoid loops."""
        return self.large_function is not None and not source.forwarded

    def with_widths(self, widths: tuple[int, ...] | None) -> Self:
        """The same settings with an event's own widths, if it has any, instead of every rule's renditions.

        They have no manifest. A source that a rule skips is still skipped.
        """
        if not widths:
            return self
        rules = tuple(rule.with_widths(widths) for rule in self.rules)
        return replace(self, defaults=self.defaults.with_widths(widths), rules=rules)

    def _clashes(self, path: Path | None) -> Iterator[str]:
        """Settings that exclude each other."""
        if self.is_output(self.source_prefix):
            yield (
                f"RESIZER_SOURCE_PREFIX={self.source_prefix!r}: is under RESIZER_OUTPUT_PREFIX={self.output_prefix!r}, "
                "so no object could be a source; choose another prefix"
            )
        for name, watermark in self.watermarks.items():
            if self.is_source(watermark.key) and not self.rule_for(watermark.key).skip:
                yield (
                    f"{path}: watermarks.{name}.key: {watermark.key} would be resized itself; add a rule for it with "
                    "skip = true"
                )
        if self.output_bucket in self.buckets:
            yield (
                f"RESIZER_OUTPUT_BUCKET={self.output_bucket!r}: is also in RESIZER_BUCKETS, so outputs could be "
                "sources; choose another bucket"
            )
        if self.output_bucket and len(self.buckets) != 1 and "{bucket}" not in self.key_template:
            yield (
                f"RESIZER_OUTPUT_BUCKET={self.output_bucket!r}: gets the renditions of several buckets, so "
                "RESIZER_KEY_TEMPLATE must have {bucket}, such as {prefix}{bucket}/{name}-{key}; or name one bucket in "
                "RESIZER_BUCKETS"
            )
