"""Which renditions a source gets: their keys, layouts and formats; and the key of their manifest.

The keys follow from the source's key and the settings alone. The sizes and formats follow from the header.
"""

import hashlib
from typing import Final

from resizer.errors import Reason, Rejected
from resizer.formats import RENDITIONS
from resizer.model import Format, Header, RenditionPlan
from resizer.planning.geometry import Point, place, rank
from resizer.settings import Settings
from resizer.settings.key_template import fill

MAX_KEY_BYTES: Final = 1024  # of UTF-8 (S3 user guide, "Naming Amazon S3 objects")
SOURCE: Final = "source"  # in the settings: the source's own format; its key gets no extra extension
MANIFEST: Final = "manifest"  # replaces a rendition's name in a manifest's key, so no rendition may have this name
# Increase it when manifests of the same renditions change, so that existing ones are replaced.
MANIFEST_VERSION: Final = 1


def plan(key: str, header: Header, settings: Settings, focal: Point | None = None) -> list[RenditionPlan]:
    """Every rendition of a source, the largest first.

    `focal` is the source's focal point. Raises `Rejected` `too_wide_for_format` if a rendition exceeds the format's
    maximum side.
    """
    upright = header.upright_size
    laid_out = [(spec, place(upright, spec, focal)) for spec in settings.rule_for(key).renditions]
    laid_out.sort(key=lambda each: rank(upright, each[1]), reverse=True)
    plans = []
    for spec, placement in laid_out:
        for name in spec.formats:
            format_ = header.own_format if name == SOURCE else Format(name.upper())
            width, height = placement.canvas
            if max(width, height) > RENDITIONS[format_].max_side:
                detail = f"A rendition of {width} x {height} pixels is too large for {format_}."
                raise Rejected(Reason.TOO_WIDE_FOR_FORMAT, detail)
            plans.append(RenditionPlan(output_key(key, spec.name, name, settings), format_, placement, spec))
    return plans


def outputs(key: str, settings: Settings) -> dict[str, str]:
    """The key and the recipe of every object that a source can have: its manifest first, then its renditions.

    Keys that are too long for S3 are left out.
    """
    return {output: recipe for output, recipe in _outputs(key, settings).items() if _size(output) <= MAX_KEY_BYTES}


def check_key_length(key: str, settings: Settings) -> None:
    """Raise `Rejected` `key_too_long` if an output key of the source is too long for S3."""
    longest = max(_outputs(key, settings), key=_size)
    if (size := _size(longest)) > MAX_KEY_BYTES:
        detail = f"The output key {longest[:60]}... has {size} bytes; S3 allows {MAX_KEY_BYTES}."
        raise Rejected(Reason.KEY_TOO_LONG, detail)


def _size(key: str) -> int:
    return len(key.encode())


def _outputs(key: str, settings: Settings) -> dict[str, str]:
    rule = settings.rule_for(key)
    renditions = {
        output_key(key, spec.name, name, settings): settings.recipe_of(rule, spec)
        for spec in rule.renditions
        for name in spec.formats
    }
    if (manifest := manifest_key(key, settings)) is None:
        return renditions
    shaping = MANIFEST_VERSION, sorted(renditions.items())
    return {manifest: hashlib.sha256(repr(shaping).encode()).hexdigest()[:16], **renditions}


def output_key(key: str, rendition: str, name: str, settings: Settings) -> str:
    """The key of one rendition: `resized/480-cat.jpg` in the source's format, `resized/480-cat.jpg.webp` in `webp`."""
    extension = "" if name == SOURCE else RENDITIONS[Format(name.upper())].extensions[0]
    return fill(settings.key_template, settings.output_prefix, rendition, key + extension)


def manifest_key(key: str, settings: Settings) -> str | None:
    """The key of a source's manifest, such as `resized/manifest-cat.jpg.json`; None if it gets none."""
    if not settings.rule_for(key).manifest:
        return None
    return fill(settings.key_template, settings.output_prefix, MANIFEST, f"{key}.json")
