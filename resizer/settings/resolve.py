"""Makes rules from a checked file and the environment; rules and renditions inherit from the level above."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from resizer.settings.rules import DEFAULT_WIDTHS, Effort, Fit, Quality, RenditionSpec, Rule, Watermark

Table = Mapping[str, Any]  # as the file has it

INHERITED: Final = ("formats", "quality", "effort")  # keys that a rendition inherits from its rule


def resolve(document: Table, environment: Table) -> dict[str, Any]:
    """`defaults`, `rules` and `watermarks` of a checked file, as `Settings` has them.

    Keys in `environment` override those of `[defaults]` in the file.
    """
    defaults = _over(_over({"renditions": DEFAULT_WIDTHS}, document.get("defaults", {})), environment)
    rules = tuple(_rule(_over(defaults, table)) for table in document.get("rules", ()))
    watermarks = {name: Watermark(**_values(table)) for name, table in document.get("watermarks", {}).items()}
    return {"defaults": _rule(defaults), "rules": rules, "watermarks": watermarks}


def _over(below: Table, above: Table) -> Table:
    """Merge two tables; `above` wins, and quality is merged format by format."""
    return {**below, **above, "quality": {**below.get("quality", {}), **above.get("quality", {})}}


def _rule(table: Table) -> Rule:
    inherited = {key: table[key] for key in INHERITED if key in table}
    specs = tuple(_spec(each if isinstance(each, dict) else {"width": each}, inherited) for each in table["renditions"])
    placeholder = table.get("placeholder", False) or table.get("manifest", False)
    return Rule(**_values({**table, "renditions": specs, "placeholder": placeholder}))


def _spec(own: Table, inherited: Table) -> RenditionSpec:
    return RenditionSpec(**_values(_over({"name": str(own.get("width")), **inherited}, own)))


def _values(table: Table) -> dict[str, Any]:
    """Convert the values of a table to those of the dataclasses."""
    return {key: VALUES[key](value) if key in VALUES else value for key, value in table.items()}


def _gravity(text: str) -> str | tuple[float, float]:
    """Parse `0.3,0.7` to fractions from the left and the top; a name stays a name."""
    left, comma, top = text.partition(",")
    return (float(left), float(top)) if comma else text


VALUES: Final[Mapping[str, Callable[[Any], object]]] = {
    "match": lambda globs: (globs,) if isinstance(globs, str) else tuple(globs),
    "formats": tuple,
    "quality": lambda table: Quality(**table),
    "effort": Effort,
    "cache_control": lambda text: text or None,
    "fit": Fit,
    "gravity": _gravity,
    "background": str.lower,
}
