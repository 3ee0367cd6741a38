"""Hypothesis strategies for valid `resizer.toml` documents, and their text."""

import json
from collections.abc import Mapping
from typing import Any

from hypothesis import strategies as st

SIDES = st.integers(1, 16_383)
NAMES = st.from_regex(r"[A-Za-z0-9_]{1,12}", fullmatch=True).filter(lambda name: name != "manifest")
COMPASS = ["center", "north", "northeast", "east", "southeast", "south", "southwest", "west", "northwest"]
POINTS = st.sampled_from(["0,0", "0.3,0.7", "1,1.0", "0.25,1"])
FORMATS = st.lists(st.sampled_from(["source", "webp", "avif", "jpeg", "png"]), min_size=1, max_size=3, unique=True)
SHARED = {
    "formats": FORMATS,
    "quality": st.fixed_dictionaries({}, optional=dict.fromkeys(("jpeg", "webp", "avif"), st.integers(1, 100))),
    "effort": st.sampled_from(["fast", "balanced", "small"]),
}
GLOB_PARTS = st.sampled_from(["*", "**", "a", "b", "x*", "?", "[ab]", "..", "", "*.jpg"])
GLOBS = st.lists(GLOB_PARTS, min_size=1, max_size=4).map("/".join).filter(bool)


@st.composite
def boxes(draw: st.DrawFn, watermarks: list[str]) -> dict[str, Any]:
    """A table in `renditions`."""
    box: dict[str, Any] = draw(st.fixed_dictionaries({}, optional={**SHARED, "enlarge": st.booleans()}))
    fit = draw(st.sampled_from(["inside", "cover", "contain"]))
    box |= draw(st.sampled_from([{}, {"fit": fit}] if fit == "inside" else [{"fit": fit}]))
    either = st.sampled_from([["width"], ["height"], ["width", "height"]])
    box |= {side: draw(SIDES) for side in (draw(either) if fit == "inside" else ["width", "height"])}
    if fit != "inside" and draw(st.booleans()):
        box["gravity"] = draw(st.sampled_from([*COMPASS, "attention"]) | POINTS)
    if fit == "contain" and draw(st.booleans()):
        box["background"] = draw(st.sampled_from(["#ffffff", "#FFaa0080"]))
    if watermarks:
        box |= draw(st.fixed_dictionaries({}, optional={"watermark": st.sampled_from(watermarks)}))
    if "width" not in box or draw(st.booleans()):
        box["name"] = draw(NAMES)
    return box


def name_of(rendition: int | Mapping[str, Any]) -> str:
    """A rendition's name, as used in keys."""
    if isinstance(rendition, int):
        return str(rendition)
    return str(rendition.get("name", rendition.get("width")))


@st.composite
def tables(draw: st.DrawFn, watermarks: list[str]) -> dict[str, Any]:
    """A table `[defaults]`."""
    switches = dict.fromkeys(("manifest", "placeholder"), st.booleans())
    sets = st.lists(SIDES | boxes(watermarks), min_size=1, max_size=4, unique_by=name_of)
    cache_control = st.sampled_from(["", "no-cache", "public, max-age=60"])
    return draw(
        st.fixed_dictionaries({}, optional={"renditions": sets, "cache_control": cache_control, **switches, **SHARED})
    )


@st.composite
def documents(draw: st.DrawFn) -> dict[str, Any]:
    """A whole document. A rule skips the folder of its watermarks, so they are not sources."""
    marks = {
        name: draw(
            st.fixed_dictionaries(
                {"key": st.just(f"watermarks/{name}.png")},
                optional={
                    "gravity": st.sampled_from(COMPASS) | POINTS,
                    "width": st.sampled_from([0.001, 0.5, 1, 1.0]),
                    "opacity": st.sampled_from([0.1, 1]),
                    "margin": st.sampled_from([0, 0.5]),
                },
            )
        )
        for name in draw(st.lists(NAMES, max_size=2, unique=True))
    }
    names = sorted(marks)
    document: dict[str, Any] = {"defaults": draw(tables(names))} if draw(st.booleans()) else {}
    rules = [
        {"match": draw(GLOBS | st.lists(GLOBS, min_size=1, max_size=2)), **draw(tables(names)), **skip}
        for skip in draw(st.lists(st.sampled_from([{}, {"skip": True}, {"skip": False}]), max_size=3))
    ]
    if marks:
        rules = [{"match": "watermarks/**", "skip": True}, *rules]
        document["watermarks"] = marks
    return document | ({"rules": rules} if rules else {})


def toml(document: Mapping[str, Any]) -> str:
    """A document as TOML, with each value on its own line and all tables inline. JSON strings are valid in TOML."""
    return "".join(f"{json.dumps(key)} = {_value(value)}\n" for key, value in document.items())


def _value(value: object) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)} = {_value(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_value, value)) + "]"
    return json.dumps(value, ensure_ascii=False)
