"""Key templates that keep outputs apart are taken, all others refused in words."""

from __future__ import annotations

from string import Formatter

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from resizer.settings.key_template import fill, fill_bucket, has_bucket, template_mistake

UNAMBIGUOUS = [
    ("{prefix}{width}-{key}", "out/480-a/1.jpg"),
    ("{prefix}{width}/{key}", "out/480/a/1.jpg"),
    ("{prefix}{key}-{width}", "out/a/1.jpg-480"),
    ("{prefix}{key}/{width}.w", "out/a/1.jpg/480.w"),
    ("{prefix}w{width}/px{key}", "out/w480/pxa/1.jpg"),
    ("{prefix}{name}-{key}", "out/480-a/1.jpg"),
    ("{prefix}{key}-0{name}", "out/a/1.jpg-0480"),
    ("{prefix}7{width}é{key}8", "out/7480éa/1.jpg8"),
    ("{prefix}{{{width}}}{key}", "out/{480}a/1.jpg"),
]
MISTAKEN = [
    ("", "must start with {prefix}"),
    ("{prefix}{width}\1{key}", "printable"),
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
    ("{prefix}{width}{key}", "between {name} and {key}"),
    ("{prefix}{key}{width}", "between {name} and {key}"),
    ("{prefix}{width}0{key}", "between {name} and {key}"),
    ("{prefix}{width}px/{key}", "between {name} and {key}"),
    ("{prefix}{width}_{key}", "between {name} and {key}"),
    ("{prefix}{key}w/{width}", "between {name} and {key}"),
    ("{prefix}{name}-{width}-{key}", "once each"),
    ("{prefix}-{width}{key}", "between {name} and {key}"),
    ("{prefix}{{-{width}{key}", "between {name} and {key}"),
    ("{prefix}}}-{key}{width}", "between {name} and {key}"),
]

WITH_BUCKET = [
    ("{prefix}{bucket}/{width}-{key}", "out/my-photos.eu/480-a/1.jpg"),
    ("{prefix}{width}-{bucket}/{key}", "out/480-my-photos.eu/a/1.jpg"),
    ("{prefix}{width}-{key}@{bucket}", "out/480-a/1.jpg@my-photos.eu"),
    ("{prefix}{key}/{bucket}-{width}", "out/a/1.jpg/my-photos.eu-480"),
    ("{prefix}{{{bucket}}}{width}/{{bucket}}/{key}", "out/{my-photos.eu}480/{bucket}/a/1.jpg"),
]
MISTAKEN_BUCKETS = [
    ("{bucket}/{prefix}{width}-{key}", "must start with {prefix}"),
    ("{prefix}{bucket}/{bucket}/{width}-{key}", "at most once"),
    ("{prefix}{bucket:>9}/{width}-{key}", "plain fields"),
    ("{prefix}{bucket}{width}/{key}", "between {bucket}"),
    ("{prefix}{bucket}-{width}/{key}", "between {bucket}"),
    ("{prefix}{width}-{bucket}.{key}", "between {bucket}"),
    ("{prefix}{width}{bucket}/{key}", "between {name}"),
    ("{prefix}{width}-{key}-{bucket}", "between {bucket}"),
    ("{prefix}{key}/{bucket}{width}", "between {name}"),
]

_literals = st.text("-x1{}", max_size=2).map(lambda text: text.replace("{", "{{").replace("}", "}}"))
_fields = st.sampled_from([("{name}", "{key}"), ("{key}", "{name}"), ("{width}", "{key}")])
_templates = st.tuples(_literals, _fields, _literals, _literals).map(
    lambda parts: "{prefix}" + parts[0] + parts[1][0] + parts[2] + parts[1][1] + parts[3]
)
# Few characters and short names, so that two outputs meet whenever a template lets them.
_names = st.text("x1_", min_size=1, max_size=3)
_keys = st.text("01-_48{}x", min_size=1, max_size=3)


@pytest.mark.parametrize(("template", "output"), UNAMBIGUOUS)
def test_unambiguous_templates_are_taken_and_filled(template: str, output: str) -> None:
    """A template that keeps name and key apart gives the key that it spells."""
    assert template_mistake(template) is None
    assert fill(template, "out/", "480", "a/1.jpg") == output


@pytest.mark.parametrize(("template", "words"), MISTAKEN)
def test_mistaken_templates_are_refused_in_words(template: str, words: str) -> None:
    """A template that could lose, repeat or blur a part is refused, in words that say which."""
    assert words in (template_mistake(template) or "")


@pytest.mark.parametrize("key", ["{width}", "{", "}}", "{0}", "%s", "{prefix.__class__}"])
def test_braces_in_a_key_are_only_text(key: str) -> None:
    """What an uploader writes into a key is never taken for a field."""
    assert fill("{prefix}{width}-{key}", "out/", "480", key) == f"out/480-{key}"


@given(template=_templates, one=st.tuples(_names, _keys), other=st.tuples(_names, _keys))
@example(template="{prefix}{{-{width}{key}", one=("480", "x"), other=("48", "0x"))
@example(template="{prefix}{key}-{width}", one=("4", "x-11"), other=("11", "x-4"))
def test_two_pairs_never_share_an_output(template: str, one: tuple[str, str], other: tuple[str, str]) -> None:
    """By a template that is taken, two different pairs of name and key never give the same output."""
    assume(template_mistake(template) is None)
    assert (fill(template, "out/1", *one) == fill(template, "out/1", *other)) == (one == other)


@given(st.text("{}!:prefixwdthkynam-0. ", max_size=30))
def test_any_text_is_judged_and_what_is_taken_can_be_filled(template: str) -> None:
    """Any text is either refused in words or starts every output with the prefix."""
    mistake = template_mistake(template)
    if mistake is None:
        assert fill(template, "out/", "480", "cat.jpg").startswith("out/")
        assert len([field for _, field, _, _ in Formatter().parse(template) if field is not None]) == 3
    else:
        assert mistake.startswith(("must ", "is not "))


@pytest.mark.parametrize(("template", "output"), WITH_BUCKET)
def test_the_source_bucket_can_be_in_the_key(template: str, output: str) -> None:
    """A template that keeps the bucket apart, too, gives the key that it spells."""
    assert template_mistake(template) is None
    assert has_bucket(template)
    assert fill(fill_bucket(template, "my-photos.eu"), "out/", "480", "a/1.jpg") == output


@pytest.mark.parametrize(("template", "words"), MISTAKEN_BUCKETS)
def test_a_bucket_that_could_not_be_read_back_is_refused(template: str, words: str) -> None:
    """A bucket twice, or beside what a bucket's name may hold, is refused in words."""
    assert words in (template_mistake(template) or "")


def test_without_the_field_the_bucket_changes_nothing() -> None:
    """Text in double braces is no field, and a template without one is the same for every bucket."""
    for template in ("{prefix}{name}-{key}", "{prefix}{{bucket}}{name}-{key}"):
        assert not has_bucket(template)
        assert fill_bucket(template, "photos") == template


# Few characters, so that two outputs meet whenever a template lets them.
_parts = st.tuples(st.text("a-.1", min_size=1, max_size=3), _names, st.text("a-.1/@", min_size=1, max_size=4))
_separators = st.sampled_from(["/", "@", "/1", "@-", "1/", "-", "."])


@given(
    fields=st.permutations(["{bucket}", "{name}", "{key}"]),
    literals=st.tuples(_separators, _separators, _separators, _separators),
    one=_parts,
    other=_parts,
)
@example(["{bucket}", "{name}", "{key}"], ("", "-", "/", ""), ("a-1", "1", "a"), ("a", "1", "1/a"))
def test_two_sources_never_share_an_output(
    fields: list[str],
    literals: tuple[str, ...],
    one: tuple[str, str, str],
    other: tuple[str, str, str],
) -> None:
    """By a template that is taken, two buckets never give the same output, whatever their names and keys are."""
    template = "{prefix}" + "".join(literal + field for literal, field in zip(literals, [*fields, ""], strict=True))
    assume(template_mistake(template) is None)
    keys = [fill(fill_bucket(template, bucket), "out/", name, key) for bucket, name, key in (one, other)]
    assert (keys[0] == keys[1]) == (one == other)
