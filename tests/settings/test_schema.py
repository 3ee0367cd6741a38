"""The JSON Schema that editors check by agrees with the parser."""

from __future__ import annotations

import json
import re
import tomllib
from copy import deepcopy
from importlib.resources import files
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from resizer.errors import ConfigError
from resizer.settings.checking import DEFAULTS, RULE, TOP, WATERMARK, check
from tests.settings.test_mistakes import MISTAKES
from tests.support.rule_files import documents, toml

SCHEMA = json.loads(files("resizer.cli").joinpath("resizer.schema.json").read_text(encoding="utf-8"))
VALIDATOR = jsonschema.Draft7Validator(SCHEMA)
# What a schema cannot say: names that two entries share, a name that is looked up elsewhere, bytes of UTF-8, TOML.
BEYOND_A_SCHEMA = ("has the name", "there is no [watermarks", "of at most 1024 bytes", "not valid TOML")
WRONG = st.sampled_from([0, -1, 16_384, 1.5, "x y", "", True, [], {}, ["gif"], {"jpeg": 0}, "attention", "manifest"])


def mistakes(document: dict[str, Any]) -> tuple[str, ...]:
    """What the parser finds."""
    try:
        check(toml(document))
    except ConfigError as wrong:
        return wrong.mistakes
    return ()


def is_beyond_a_schema(mistake: str) -> bool:
    return any(words in mistake for words in BEYOND_A_SCHEMA)


def test_the_schema_is_one() -> None:
    """It is a schema by its own draft, with a description for every key of the file."""
    jsonschema.Draft7Validator.check_schema(SCHEMA)
    tables = SCHEMA["properties"]
    assert tables.keys() == TOP.keys()
    assert tables["defaults"]["properties"].keys() == set(map(str, DEFAULTS))
    assert tables["rules"]["items"]["properties"].keys() == set(map(str, RULE))
    assert tables["watermarks"]["additionalProperties"]["properties"].keys() == set(map(str, WATERMARK))


@given(documents())
def test_both_take_what_is_valid(document: dict[str, Any]) -> None:
    """Any valid file is valid by both."""
    assert check(toml(document)) == document
    VALIDATOR.validate(document)


@pytest.mark.parametrize(
    "text",
    [
        text
        for text, mistake in MISTAKES
        if not is_beyond_a_schema(mistake) and not re.search(r"[0-9]\.0|nan", text)  # JSON has neither
    ],
)
def test_both_refuse_each_mistake(text: str) -> None:
    """Every mistake that the parser names, the schema knows too, but for what a schema cannot say."""
    assert not VALIDATOR.is_valid(tomllib.loads(text))


@given(st.data())
def test_both_agree_on_what_was_changed(data: st.DataObject) -> None:
    """A valid file with one value replaced, one key misspelt or one taken out is valid by both or by neither."""
    document = data.draw(documents())
    places = list(_places(document))
    if not places:
        return
    changed = deepcopy(document)
    *path, last = data.draw(st.sampled_from(places))
    place: Any = changed
    for part in path:
        place = place[part]
    what = data.draw(st.sampled_from(["replace", "misspell", "take out"]))
    if what == "replace" or isinstance(place, list):
        place[last] = data.draw(WRONG)
    else:
        value = place.pop(last)
        if what == "misspell":
            place[f"{last}s"] = value
    found = mistakes(changed)
    if not any(map(is_beyond_a_schema, found)):
        assert VALIDATOR.is_valid(changed) == (not found)


def _places(node: Any, path: tuple[Any, ...] = ()) -> Any:
    pairs = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, value in pairs:
        yield (*path, key)
        yield from _places(value, (*path, key))
