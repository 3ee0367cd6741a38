"""Key templates that keep outputs apart are taken, all others refused in words."""

from __future__ import annotations

from string import Formatter

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from resizer.settings.key_template import fill, template_mistake

UNAMBIGUOUS = [
    ("{prefix}{width}-{key}", "out/480-a/1.jpg"),
    ("{prefix}{width}/{key}", "out/480/a/1.jpg"),
    ("{prefix}{key}-{width}", "out/a/1.jpg-480"),
    ("{prefix}{key}/{width}.w", "out/a/1.jpg/480.w"),
    ("{prefix}w{width}px/{key}", "out/w480px/a/1.jpg"),
    ("{prefix}7{width}é{key}8", "out/7480éa/1.jpg8"),
    ("{prefix}{{{width}}}{key}", "out/{480}a/1.jpg"),
]
MISTAKEN = [
    ("", "must start with {prefix}"),
    ("{width}-{key}", "must start with {prefix}"),
    ("x{prefix}{width}-{key}", "must start with {prefix}"),
    ("{{prefix}}{prefix}{width}-{key}", "must start with {prefix}"),
    ("{prefix}{width}", "once each"),
    ("{prefix}{key}", "once each"),
    ("{prefix}{width}-{width}-{key}", "once each"),
    ("{prefix}{width}-{key}-{format}", "once each"),
    ("{prefix}{width}-{key}-{}", "once each"),
    ("{prefix}{width}-{key.upper}", "once each"),
    ("{prefix}{width:05d}-{key}", "plain fields"),
    ("{prefix}{width}-{key!r}", "plain fields"),
    ("{prefix}{width}-{key", "is not a template"),
    ("{prefix}{width}-}{key}", "is not a template"),
    ("{prefix}{width}{key}", "separate {width} and {key}"),
    ("{prefix}{key}{width}", "separate {width} and {key}"),
    ("{prefix}{width}0{key}", "separate {width} and {key}"),
    ("{prefix}{key}-0{width}", "separate {width} and {key}"),
    ("{prefix}-{width}{key}", "separate {width} and {key}"),
    ("{prefix}{{-{width}{key}", "separate {width} and {key}"),
    ("{prefix}}}-{key}{width}", "separate {width} and {key}"),
]

_literals = st.text("-x1{}", max_size=2).map(lambda text: text.replace("{", "{{").replace("}", "}}"))
_fields = st.sampled_from([("{width}", "{key}"), ("{key}", "{width}")])
_templates = st.tuples(_literals, _fields, _literals, _literals).map(
    lambda parts: "{prefix}" + parts[0] + parts[1][0] + parts[2] + parts[1][1] + parts[3]
)
# Few characters and short widths, so that two outputs meet whenever a template lets them.
_widths = st.sampled_from([1, 4, 11, 14, 48, 111, 480])
_keys = st.text("01-48{}x", min_size=1, max_size=3)


@pytest.mark.parametrize(("template", "output"), UNAMBIGUOUS)
def test_unambiguous_templates_are_taken_and_filled(template: str, output: str) -> None:
    """A template that keeps width and key apart gives the key that it spells."""
    assert template_mistake(template) is None
    assert fill(template, "out/", 480, "a/1.jpg") == output


@pytest.mark.parametrize(("template", "words"), MISTAKEN)
def test_mistaken_templates_are_refused_in_words(template: str, words: str) -> None:
    """A template that could lose, repeat or blur a part is refused, in words that say which."""
    assert words in (template_mistake(template) or "")


@pytest.mark.parametrize("key", ["{width}", "{", "}}", "{0}", "%s", "{prefix.__class__}"])
def test_braces_in_a_key_are_only_text(key: str) -> None:
    """What an uploader writes into a key is never taken for a field."""
    assert fill("{prefix}{width}-{key}", "out/", 480, key) == f"out/480-{key}"


@given(template=_templates, one=st.tuples(_widths, _keys), other=st.tuples(_widths, _keys))
@example(template="{prefix}{{-{width}{key}", one=(480, "x"), other=(48, "0x"))
@example(template="{prefix}{key}-{width}", one=(4, "x-11"), other=(11, "x-4"))
def test_two_pairs_never_share_an_output(template: str, one: tuple[int, str], other: tuple[int, str]) -> None:
    """By a template that is taken, two different pairs of width and key never give the same output."""
    assume(template_mistake(template) is None)
    assert (fill(template, "out/1", *one) == fill(template, "out/1", *other)) == (one == other)


@given(st.text("{}!:prefixwdthky-0. ", max_size=30))
def test_any_text_is_judged_and_what_is_taken_can_be_filled(template: str) -> None:
    """Any text is either refused in words or starts every output with the prefix."""
    mistake = template_mistake(template)
    if mistake is None:
        assert fill(template, "out/", 480, "cat.jpg").startswith("out/")
        assert len([field for _, field, _, _ in Formatter().parse(template) if field is not None]) == 3
    else:
        assert mistake.startswith(("must ", "is not "))
