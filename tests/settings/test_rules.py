"""For any valid file and key, outputs are never sources, have different keys, and the first match wins."""

import re
from string import Formatter

from hypothesis import given
from hypothesis import strategies as st

from resizer.planning.outputs import output_key
from resizer.settings import Settings
from resizer.settings.check import check
from resizer.settings.key_template import parse_key_template
from resizer.settings.resolve import resolve
from tests.support.rule_files import documents, toml

TEMPLATES = st.sampled_from(
    [
        "{prefix}{name}-{key}",
        "{prefix}{width}/{key}",
        "{prefix}{key}@{name}",
        "{prefix}a_{name}-0_{key}",
        "{prefix}{key}-0{name}.w",
    ]
)
TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8)
KEYS = (
    st.lists(st.sampled_from(["a", "b", "x1", "..", "", "a.jpg", "480-a", "w_"]) | TEXT, min_size=1, max_size=4)
    .map("/".join)
    .filter(bool)
)
EXTENSIONS = {"source": "", "webp": ".webp", "avif": ".avif", "jpeg": ".jpg", "png": ".png"}


@st.composite
def settings(draw: st.DrawFn) -> Settings:
    """Settings of any valid file, with any valid prefix and template."""
    rules = resolve(check(toml(draw(documents()))), {})
    prefix = draw(st.sampled_from(["resized/", "r", "480-", "a//"]))
    return Settings(**rules, output_prefix=prefix, key_template=draw(TEMPLATES))


def read_back(output: str, chosen: Settings) -> tuple[str, str]:
    """The name and the source's key in an output key, by the template alone."""
    name = "(?P<name>[A-Za-z0-9_]+)"
    fields = {None: "", "prefix": re.escape(chosen.output_prefix), "name": name, "width": name, "key": "(?P<key>.*)"}
    parts = Formatter().parse(chosen.key_template)
    pattern = "".join(re.escape(literal) + fields[field] for literal, field, _, _ in parts)
    matched = re.fullmatch(pattern, output, re.DOTALL)
    assert matched
    return matched["name"], matched["key"]


@given(settings(), KEYS)
def test_outputs_are_different_and_never_sources(chosen: Settings, key: str) -> None:
    """No output is a source, and no two renditions have the same key."""
    assert parse_key_template(chosen.key_template) == chosen.key_template
    specs = chosen.rule_for(key).renditions
    outputs = [output_key(key, spec.name, name, chosen) for spec in specs for name in spec.formats]
    assert len(set(outputs)) == len(outputs)
    assert not any(chosen.is_source(output) for output in outputs)


@given(settings(), KEYS)
def test_an_output_key_can_be_parsed(chosen: Settings, key: str) -> None:
    """An output key has exactly one name and source key, the latter with the extension of an extra format."""
    for spec in chosen.rule_for(key).renditions:
        for name in spec.formats:
            read = read_back(output_key(key, spec.name, name, chosen), chosen)
            assert read == (spec.name, key + EXTENSIONS[name])


@given(settings(), KEYS)
def test_the_first_match_wins(chosen: Settings, key: str) -> None:
    """The first rule that matches a key applies, or the defaults if none does."""
    rule = chosen.rule_for(key)
    matching = [each for each in chosen.rules if each.matches(key)]
    assert rule is (matching[0] if matching else chosen.defaults)
