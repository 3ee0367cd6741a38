"""Editors and the parser use the same schema, which lists all settings with their defaults."""

import json
import tomllib
from dataclasses import MISSING, asdict, fields
from typing import Any

import jsonschema
import pytest
from hypothesis import given

from resizer.settings import Settings
from resizer.settings.check import SCHEMA, check
from resizer.settings.environment import EXTRA_FORMATS, MAX_WIDTH_PIXELS, MAX_WIDTHS
from resizer.settings.rules import DEFAULT_WIDTHS, Quality, RenditionSpec, Rule, Watermark
from tests.settings.test_mistakes import MISTAKES
from tests.support.rule_files import documents, toml

DOCUMENT: dict[str, Any] = json.loads(SCHEMA.read_text())
EDITOR = jsonschema.Draft7Validator(DOCUMENT)
# Not checked by editors: duplicate names, references to other tables, and values that JSON does not have.
ONLY_OURS = ("has the same name", "in [watermarks]", "not valid TOML", "\\n", ".0", "nan")


def properties(*path: str) -> dict[str, Any]:
    """The schema of each key in a table."""
    place = DOCUMENT
    for name in path:
        place = place[name]
    definitions = DOCUMENT["definitions"]
    return {
        key: definitions[value["$ref"].rpartition("/")[2]] if "$ref" in value else value
        for key, value in place["properties"].items()
    }


RULE = properties("properties", "rules", "items")
TABLES = [
    (RULE, Rule),
    (properties("definitions", "box"), RenditionSpec),
    (properties("properties", "watermarks", "additionalProperties"), Watermark),
    (properties("definitions", "quality"), Quality),
]


@pytest.mark.parametrize(("table", "kind"), TABLES)
def test_each_table_has_the_keys_and_defaults_of_its_class(table: dict[str, Any], kind: type[Any]) -> None:
    """A table has every key of its class, and the default that editors show is the real one."""
    values: dict[str, Any] = {each.name: each.default for each in fields(kind)}
    assert table.keys() == values.keys()
    shown = {key: value["default"] for key, value in table.items() if "default" in value}
    for key in values.keys() - {"match", "renditions"}:
        assert shown.get(key, values[key]) == (list(values[key]) if isinstance(values[key], tuple) else values[key])
        assert key in shown or values[key] in {None, MISSING}


def test_the_schema_is_consistent() -> None:
    """The schema is valid, the defaults have a rule's keys, and its limits are those of the variables."""
    jsonschema.Draft7Validator.check_schema(DOCUMENT)
    assert properties("properties", "defaults") == {key: RULE[key] for key in RULE.keys() - {"match", "skip"}}
    renditions, formats = RULE["renditions"], RULE["formats"]
    assert renditions["default"] == list(DEFAULT_WIDTHS)
    assert renditions["maxItems"] == MAX_WIDTHS
    assert DOCUMENT["definitions"]["side"]["maximum"] == MAX_WIDTH_PIXELS
    assert sorted(formats["items"]["enum"]) == sorted(EXTRA_FORMATS)
    assert asdict(Settings().defaults.quality) == {key: value["default"] for key, value in TABLES[3][0].items()}


@given(documents())
def test_valid_files_are_accepted(document: dict[str, Any]) -> None:
    """Any valid file is valid for both the parser and editors."""
    assert check(toml(document)) == document
    EDITOR.validate(document)


def test_an_editor_refuses_each_mistake() -> None:
    """Editors refuse what the parser refuses, except for what a schema cannot express."""
    for text in [text for text, line in MISTAKES if not any(w in text + line for w in ONLY_OURS)]:
        assert not EDITOR.is_valid(tomllib.loads(text))
