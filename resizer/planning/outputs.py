"""Which renditions a source gets: their keys, sizes and formats.

The keys follow from the source's key and the settings alone. The sizes and formats follow from the header.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from resizer.errors import Reason, Rejected
from resizer.formats import RENDITIONS
from resizer.model import Format, RenditionPlan
from resizer.planning.geometry import rendition_size
from resizer.settings.key_template import fill

if TYPE_CHECKING:
    from resizer.model import Header
    from resizer.settings import Settings

MAX_KEY_BYTES: Final = 1024  # of UTF-8 (S3 user guide, "Naming Amazon S3 objects")
SOURCE: Final = "source"  # in the settings: the source's own format, under the plain key


def plan(key: str, header: Header, settings: Settings) -> list[RenditionPlan]:
    """Every rendition of one source, widest first.

    Raises `Rejected` `too_wide_for_format` where a rendition of these proportions is longer than its format allows.
    """
    plans = []
    for width in settings.widths:
        size = rendition_size(header.upright_size, width)
        for name in settings.formats:
            format_ = header.own_format if name == SOURCE else _named(name)
            if max(size) > RENDITIONS[format_].max_side:
                detail = f"A rendition of {size[0]} x {size[1]} pixels is longer than {format_} allows."
                raise Rejected(Reason.TOO_WIDE_FOR_FORMAT, detail)
            plans.append(RenditionPlan(output_key(key, width, name, settings), *size, format_))
    return plans


def output_keys(key: str, settings: Settings) -> list[str]:
    """The key of every rendition that a source can have, widest first; keys that are too long for S3 are left out."""
    keys = [output_key(key, width, name, settings) for width in settings.widths for name in settings.formats]
    return [each for each in keys if len(each.encode()) <= MAX_KEY_BYTES]


def output_key(key: str, rendition: int | str, name: str, settings: Settings) -> str:
    """The key of one rendition: `resized/480-cat.jpg` in the source's format, `resized/480-cat.jpg.webp` in `webp`."""
    extension = "" if name == SOURCE else RENDITIONS[_named(name)].extensions[0]
    return fill(settings.key_template, settings.output_prefix, rendition, key + extension)


def check_key_length(key: str, settings: Settings) -> None:
    """Raise `Rejected` `key_too_long` for a source with an output key that is too long for S3."""
    for width in settings.widths:
        for name in settings.formats:
            output = output_key(key, width, name, settings)
            if (size := len(output.encode())) > MAX_KEY_BYTES:
                detail = f"The output key {output[:60]}... has {size} bytes; S3 allows {MAX_KEY_BYTES}."
                raise Rejected(Reason.KEY_TOO_LONG, detail)


def extra_formats(settings: Settings) -> tuple[Format, ...]:
    """The formats that are written beside the source's own."""
    return tuple(_named(name) for name in settings.formats if name != SOURCE)


def _named(name: str) -> Format:
    return Format(name.upper())
