"""The text of a `resizer.toml` to a checked document, or to all its mistakes, each by its path.

Imported only where a file has to be checked, which the function's build has done before: voluptuous takes 20 ms.
"""

from __future__ import annotations

import tomllib
from difflib import get_close_matches
from typing import Any, Final

from voluptuous import DictInvalid, Invalid, MultipleInvalid, Required, RequiredFieldInvalid, Schema

from resizer.errors import ConfigError
from resizer.settings import value_checks as a
from resizer.settings.consistency import box_mistakes, path_text, same_formats, same_names, unknown_watermarks
from resizer.settings.environment import EXTRA_FORMATS, MAX_WIDTHS
from resizer.settings.rules import Effort, Fit

QUALITIES: Final = ("jpeg", "webp", "avif")


def check(text: str) -> dict[str, Any]:
    """The document, with values as the file has them.

    Raises `ConfigError` with all mistakes, each by its path: `rules[1].renditions[0].width: must be ...`.
    """
    try:
        checked: dict[str, Any] = FILE(tomllib.loads(text))
    except tomllib.TOMLDecodeError as problem:
        raise ConfigError([f"is not valid TOML: {problem}"]) from None
    except MultipleInvalid as problem:
        raise ConfigError([f"{path_text(each.path)}: {_message(each)}" for each in problem.errors]) from None
    return checked


def _message(problem: Invalid) -> str:
    match problem:
        case RequiredFieldInvalid():
            return "is missing"
        case DictInvalid():
            return "must be a table"
    if problem.error_message == "extra keys not allowed":
        key = str(problem.path[-1])
        close = get_close_matches(key, KEYS, 1) if key not in KEYS else []
        return "there is no such key here" + (f"; is {close[0]} meant?" if close else "")
    return str(problem.error_message)


def _rendition(value: object) -> object:
    """A width, or a table."""
    return BOX(value) if isinstance(value, dict) else a.plain_width(value)


def _match(value: object) -> object:
    return a.every(a.glob, least=1)(value) if isinstance(value, list) else a.glob(value)


SHARED: Final = {
    "formats": a.together(a.every(a.choice(*sorted(EXTRA_FORMATS)), least=1), same_formats),
    "quality": Schema(dict.fromkeys(QUALITIES, a.percent)),
    "effort": a.choice(*Effort),
}
BOX_KEYS: Final = {
    "name": a.name,
    "width": a.side,
    "height": a.side,
    "fit": a.choice(*Fit),
    "gravity": a.gravity("attention"),
    "background": a.color,
    "watermark": a.text,
    "enlarge": a.switch,
} | SHARED
BOX: Final = a.together(Schema(BOX_KEYS), box_mistakes)
DEFAULTS: Final = {
    "renditions": a.together(a.every(_rendition, least=1, most=MAX_WIDTHS), same_names),
    "cache_control": a.cache_control,
    "manifest": a.switch,
    "placeholder": a.switch,
} | SHARED
RULE: Final = {Required("match"): _match, "skip": a.switch} | DEFAULTS
WATERMARK: Final = {
    Required("key"): a.key,
    "gravity": a.gravity(),
    "width": a.number("a fraction of the rendition's width, above 0 and at most 1", lambda value: 0 < value <= 1),
    "opacity": a.number("a number above 0 and at most 1", lambda value: 0 < value <= 1),
    "margin": a.number("a fraction of the rendition's width from 0 to 0.5", lambda value: 0 <= value <= 0.5),
}
TOP: Final = {"defaults": DEFAULTS, "rules": a.every(Schema(RULE)), "watermarks": {a.name: WATERMARK}}
FILE: Final = a.together(Schema(TOP), unknown_watermarks)
KEYS: Final = sorted({str(key) for table in (TOP, BOX_KEYS, RULE, WATERMARK) for key in table})
