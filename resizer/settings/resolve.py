"""A checked file and the environment to rules: what a rule or a rendition leaves out comes from above it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from resizer.settings.rules import DEFAULT_WIDTHS, Effort, Fit, Quality, RenditionSpec, Rule, Watermark

if TYPE_CHECKING:
    from collections.abc import Mapping

Table = dict[str, Any]  # as the file has it

BUILT_IN: Final[Table] = {"renditions": list(DEFAULT_WIDTHS), "formats": ["source"], "effort": "balanced"}
SHARED: Final = ("formats", "quality", "effort")  # keys that a rule and a rendition both have


class Rules(NamedTuple):
    """The defaults, the rules in their order, and the watermarks by name."""

    defaults: Rule
    rules: tuple[Rule, ...]
    watermarks: Mapping[str, Watermark]


def resolve(document: Mapping[str, Any], environment: Mapping[str, Any]) -> Rules:
    """The rules of a checked file; what `environment` holds of the keys of `[defaults]` wins over these."""
    defaults = _over(_over(BUILT_IN, document.get("defaults", {})), environment)
    rules = tuple(_rule(_over(defaults, table)) for table in document.get("rules", ()))
    watermarks = {name: _watermark(table) for name, table in document.get("watermarks", {}).items()}
    return Rules(_rule(defaults), rules, watermarks)


def _over(below: Mapping[str, Any], above: Mapping[str, Any]) -> Table:
    """One table over another; the qualities of formats are left out and inherited one by one."""
    quality = {**below.get("quality", {}), **above.get("quality", {})}
    return {**below, **above, "quality": quality}


def _rule(table: Table) -> Rule:
    match = table.get("match", "**")
    shared = {name: table[name] for name in SHARED}
    return Rule(
        match=(match,) if isinstance(match, str) else tuple(match),
        renditions=tuple(_spec(given, shared) for given in table["renditions"]),
        formats=tuple(table["formats"]),
        quality=Quality(**table["quality"]),
        effort=Effort(table["effort"]),
        skip=table.get("skip", False),
        cache_control=table.get("cache_control") or None,
        manifest=table.get("manifest", False),
        placeholder=table.get("placeholder", False) or table.get("manifest", False),
    )


def _spec(given: int | Mapping[str, Any], shared: Mapping[str, Any]) -> RenditionSpec:
    own = {"width": given} if isinstance(given, int) else given
    table = _over(shared, own)
    return RenditionSpec(
        name=table.get("name", str(table.get("width"))),
        width=table.get("width"),
        height=table.get("height"),
        fit=Fit(table.get("fit", Fit.INSIDE)),
        gravity=_gravity(table.get("gravity", "center")),
        background=table["background"].lower() if "background" in table else None,
        formats=tuple(table["formats"]),
        quality=Quality(**table["quality"]),
        effort=Effort(table["effort"]),
        watermark=table.get("watermark"),
        enlarge=table.get("enlarge", False),
    )


def _watermark(table: Mapping[str, Any]) -> Watermark:
    gravity = {"gravity": _gravity(table["gravity"])} if "gravity" in table else {}
    return Watermark(**{**table, **gravity})


def _gravity(text: str) -> str | tuple[float, float]:
    """A name as it is, `0.3,0.7` as fractions from the left and the top."""
    left, comma, top = text.partition(",")
    return (float(left), float(top)) if comma else text
