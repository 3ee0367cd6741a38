"""From one source and the settings to the renditions to make: sizes, keys and formats."""

from __future__ import annotations

from posixpath import splitext
from typing import TYPE_CHECKING, Final

from resizer.errors import Reason, Rejected
from resizer.model import EXTENSIONS, READABLE, Format, RenditionPlan
from resizer.planning.geometry import rendition_size
from resizer.settings.key_template import fill

if TYPE_CHECKING:
    from collections.abc import Collection

    from resizer.model import Header
    from resizer.settings import Settings

LONGEST_KEY: Final = 1024  # bytes of UTF-8, by the S3 user guide
# The longest side that each format's own header can express; JPEG's is libjpeg's limit.
LONGEST_SIDE: Final = {Format.JPEG: 65_500, Format.WEBP: 16_383, Format.GIF: 65_535, Format.AVIF: 65_536}


def check_key_length(key: str, settings: Settings) -> None:
    """Refuse a source whose output keys cannot fit, before anything is fetched. Raises `Rejected`."""
    output = fill(settings.key_template, settings.output_prefix, settings.widths[0], key)
    if len(output.encode()) > LONGEST_KEY:
        detail = f"The output key {output[:60]}... has {len(output.encode())} bytes; S3 allows {LONGEST_KEY}."
        raise Rejected(Reason.KEY_TOO_LONG, detail)


def plan(key: str, header: Header, settings: Settings) -> list[RenditionPlan]:
    """Every rendition of one source, widest first.

    Raises `Rejected`: `key_too_long` where a key with its extension does not fit, `too_wide_for_format` where a
    rendition of these proportions is longer than its format allows.
    """
    plans = []
    formats = _formats(header, settings)
    for width in settings.widths:
        size = rendition_size(header.upright_size, width)
        for format_ in formats:
            named = key_for(key, format_)
            check_key_length(named, settings)
            if max(size) > LONGEST_SIDE.get(format_, max(size)):
                detail = f"A rendition of {size[0]} x {size[1]} pixels is longer than {format_} allows."
                raise Rejected(Reason.TOO_WIDE_FOR_FORMAT, detail)
            output = _output(width, named, settings)
            plans.append(RenditionPlan(output, *size, format_))
    return plans


def possible_outputs(key: str, settings: Settings) -> list[tuple[int, Format, str]]:
    """Every width, format and output key that a source could have been given, whatever its bytes were; widest first."""
    return [
        (width, format_, output)
        for width in settings.widths
        for format_ in Format
        if len((output := _output(width, key_for(key, format_), settings)).encode()) <= LONGEST_KEY
    ]


def may_have_others(key: str, outputs: Collection[str], settings: Settings) -> bool:
    """Whether another upload of a key may be written under other output keys than these.

    Not where the extension tells the format of what was written, nor where the settings fix the formats.
    """
    plain = {_output(width, key, settings) for width in settings.widths}
    return "source" in settings.formats and plain.isdisjoint(outputs)


def may_name_image(key: str) -> bool:
    """Whether a key's extension, or its lack of one, leaves it open that an image may have lain under it."""
    suffix = splitext(key)[1].lower()
    return not suffix or suffix in READABLE or tells_format(key)


def tells_format(key: str) -> bool:
    """Whether a key's extension is that of a format that renditions are written in."""
    suffix = splitext(key)[1].lower()
    return any(suffix in known for known in EXTENSIONS.values())


def key_for(key: str, format_: Format) -> str:
    """The source's key, with the format's extension behind it where its own does not fit."""
    extensions = EXTENSIONS[format_]
    return key if splitext(key)[1].lower() in extensions else key + extensions[0]


def extra_formats(settings: Settings) -> tuple[Format, ...]:
    """What renditions are written in whatever the source is."""
    return tuple(Format(name.upper()) for name in settings.formats if name != "source")


def _output(width: int, named: str, settings: Settings) -> str:
    return fill(settings.key_template, settings.output_prefix, width, named)


def _formats(header: Header, settings: Settings) -> list[Format]:
    own = [header.own_format] if "source" in settings.formats else []
    wanted = [*own, *extra_formats(settings)]
    return list(dict.fromkeys(wanted))
