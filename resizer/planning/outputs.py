"""Which renditions a source gets: their keys, layouts and formats; and the key of their manifest.

The keys follow from the source's key and the settings alone. The sizes and formats follow from the header.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

from resizer.errors import Reason, Rejected
from resizer.formats import RENDITIONS
from resizer.model import Format, RenditionPlan
from resizer.planning.cascade import largest_first
from resizer.planning.geometry import place
from resizer.settings.key_template import fill

if TYPE_CHECKING:
    from resizer.model import Header
    from resizer.planning.gravity import Point
    from resizer.settings import Settings
    from resizer.settings.rules import RenditionSpec

MAX_KEY_BYTES: Final = 1024  # of UTF-8 (S3 user guide, "Naming Amazon S3 objects")
SOURCE: Final = "source"  # in the settings: the source's own format, under the plain key
MANIFEST: Final = "manifest"  # in the place of a rendition's name, and so no rendition has it
# Raise it when the same renditions give another manifest than before, so that existing ones are replaced.
MANIFEST_VERSION: Final = 1


def plan(key: str, header: Header, settings: Settings, focal: Point | None = None) -> list[RenditionPlan]:
    """Every rendition of a source, the largest first.

    `focal` is the source's focal point. Raises `Rejected` `too_wide_for_format` if a rendition exceeds the format's
    maximum side.
    """
    rule = settings.rule_for(key)
    laid_out = [(spec, place(header.upright_size, spec, focal)) for spec in rule.renditions]
    order = largest_first(header.upright_size, [placement for _, placement in laid_out])
    laid_out.sort(key=lambda each: order.index(each[1]))
    return [
        RenditionPlan(
            key=output_key(key, spec.name, name, settings),
            width=placement.canvas[0],
            height=placement.canvas[1],
            format=_checked(placement.canvas, header.own_format if name == SOURCE else _named(name)),
            placement=placement,
            spec=spec,
            recipe=settings.recipe_of(rule, spec),
        )
        for spec, placement in laid_out
        for name in spec.formats
    ]


def _checked(size: tuple[int, int], format_: Format) -> Format:
    if max(size) > RENDITIONS[format_].max_side:
        detail = f"A rendition of {size[0]} x {size[1]} pixels is longer than {format_} allows."
        raise Rejected(Reason.TOO_WIDE_FOR_FORMAT, detail)
    return format_


def outputs(key: str, settings: Settings) -> dict[str, str]:
    """The key and the recipe of every object that a source can have: its manifest first, then its renditions.

    Keys that are too long for S3 are left out.
    """
    rule = settings.rule_for(key)
    recipes = {
        output_key(key, spec.name, name, settings): settings.recipe_of(rule, spec)
        for spec in rule.renditions
        for name in spec.formats
    }
    if manifest := manifest_key(key, settings):
        recipes = {manifest: _manifest_recipe(recipes), **recipes}
    return {output: recipe for output, recipe in recipes.items() if len(output.encode()) <= MAX_KEY_BYTES}


def manifest_key(key: str, settings: Settings) -> str | None:
    """The key of a source's manifest, such as `resized/manifest-cat.jpg.json`; None where it gets none."""
    if not settings.rule_for(key).manifest:
        return None
    return fill(settings.key_template, settings.output_prefix, MANIFEST, f"{key}.json")


def _manifest_recipe(renditions: dict[str, str]) -> str:
    """A short hash of the keys and recipes of the renditions in a manifest."""
    shaping = MANIFEST_VERSION, sorted(renditions.items())
    return hashlib.sha256(repr(shaping).encode()).hexdigest()[:16]


def output_keys(key: str, settings: Settings) -> list[str]:
    """The key of every object that a source can have."""
    return list(outputs(key, settings))


def output_key(key: str, rendition: str, name: str, settings: Settings) -> str:
    """The key of one rendition: `resized/480-cat.jpg` in the source's format, `resized/480-cat.jpg.webp` in `webp`."""
    extension = "" if name == SOURCE else RENDITIONS[_named(name)].extensions[0]
    return fill(settings.key_template, settings.output_prefix, rendition, key + extension)


def check_key_length(key: str, settings: Settings) -> None:
    """Raise `Rejected` `key_too_long` if an output key of the source is too long for S3."""
    specs = settings.rule_for(key).renditions
    renditions = [output_key(key, spec.name, name, settings) for spec in specs for name in spec.formats]
    for output in (*renditions, manifest_key(key, settings) or ""):
        if (size := len(output.encode())) > MAX_KEY_BYTES:
            detail = f"The output key {output[:60]}... has {size} bytes; S3 allows {MAX_KEY_BYTES}."
            raise Rejected(Reason.KEY_TOO_LONG, detail)


def formats_of(spec: RenditionSpec, own: Format) -> tuple[Format, ...]:
    """The format of a rendition, if the source's own format is `own`."""
    return tuple(own if name == SOURCE else _named(name) for name in spec.formats)


def _named(name: str) -> Format:
    return Format(name.upper())
