"""How the values of a `resizer.toml` go together; and the paths by which its mistakes are named.

These checks see values that have mistakes of their own, which are reported elsewhere.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from resizer.settings.rules import Fit

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator, Sequence

Mistake = tuple[list["Hashable"], str]  # a path below the value, and what is wrong there
BARE_KEY: Final = re.compile("[A-Za-z0-9_-]+")  # what TOML takes without quotes


def path_text(parts: Sequence[object]) -> str:
    """`rules[1].renditions[0].width`, with keys in quotes where TOML has them so."""
    text = ""
    for part in map(_part, parts):
        text += part if part.startswith("[") or not text else f".{part}"
    return text


def _part(part: object) -> str:
    if isinstance(part, int):
        return f"[{part}]"
    return str(part) if BARE_KEY.fullmatch(str(part)) else f'"{part}"'


def box_mistakes(box: object) -> Iterator[Mistake]:
    """What is wrong between the values of one rendition."""
    if not isinstance(box, dict):
        return
    if not {"width", "height"} & box.keys():
        yield [], "must have a width, a height or both"
    elif not {"width", "name"} & box.keys():
        yield ["name"], "is missing; only a rendition with a width is named by it"
    fit = box.get("fit", Fit.INSIDE)
    if fit in (Fit.COVER, Fit.CONTAIN) and not {"width", "height"} <= box.keys():
        yield ["fit"], f"{fit} needs a width and a height"
    if fit == Fit.INSIDE and "gravity" in box:
        yield ["gravity"], "needs fit = cover or contain"
    if fit in (Fit.INSIDE, Fit.COVER) and "background" in box:
        yield ["background"], "needs fit = contain"


def same_names(renditions: object) -> Iterator[Mistake]:
    """Names that two renditions of a set have."""
    seen: dict[str, int] = {}
    for index, each in enumerate(renditions if isinstance(renditions, list) else []):
        width = each.get("width") if isinstance(each, dict) else each
        name = each.get("name", width) if isinstance(each, dict) else each
        if not isinstance(name, int | str):
            continue
        if (first := seen.setdefault(str(name), index)) != index:
            yield [index], f"has the name {name}, as renditions[{first}] has; give one of them another name"


def same_formats(formats: object) -> Iterator[Mistake]:
    """Formats that a list has twice."""
    known = formats if isinstance(formats, list) else []
    for index, each in enumerate(known):
        if each in known[:index]:
            yield [index], f"{each} is there already"


def unknown_watermarks(document: dict[str, Any]) -> Iterator[Mistake]:
    """Renditions with a watermark that the file does not have."""
    watermarks = document.get("watermarks", {})
    for path, each in _renditions(document):
        name = each.get("watermark") if isinstance(each, dict) else None
        if isinstance(name, str) and not (isinstance(watermarks, dict) and name in watermarks):
            yield [*path, "watermark"], f"there is no [watermarks.{_part(name)}]"


def _renditions(document: dict[str, Any]) -> Iterator[tuple[list[Hashable], object]]:
    rules = document.get("rules")
    tables: list[tuple[list[Hashable], object]] = [(["defaults"], document.get("defaults"))]
    tables += [(["rules", index], rule) for index, rule in enumerate(rules if isinstance(rules, list) else [])]
    for path, table in tables:
        renditions = table.get("renditions") if isinstance(table, dict) else None
        for index, each in enumerate(renditions if isinstance(renditions, list) else []):
            yield [*path, "renditions", index], each
