"""A key template is accepted only if different sources and names always get different keys."""

import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from resizer.settings import Settings
from resizer.settings.key_template import fill, parse_key_template

UNAMBIGUOUS = [
    ("{prefix}{width}-{key}", "out/480-a/1.jpg"),
    ("{prefix}{width}/{key}", "out/480/a/1.jpg"),
    ("{prefix}{key}-{width}", "out/a/1.jpg-480"),
    ("{prefix}{key}/{width}.w", "out/a/1.jpg/480.w"),
    ("{prefix}w{width}/px{key}", "out/w480/pxa/1.jpg"),
    ("{prefix}{name}-{key}", "out/480-a/1.jpg"),
    ("{prefix}{key}-0{name}", "out/a/1.jpg-0480"),
    ("{prefix}7{width}é{key}8", "out/7480éa/1.jpg8"),
]
REFUSED = [
    ("", "must start with {prefix}"),
    ("{prefix}{width}\1{key}", "printable"),
    ("{width}-{key}", "must start with {prefix}"),
    ("x{prefix}{width}-{key}", "must start with {prefix}"),
    ("{{prefix}}{prefix}{width}-{key}", "must start with {prefix}"),
    ("{prefix}{width}", "once each"),
    ("{prefix}{key}", "once each"),
    ("{prefix}{width}-{width}-{key}", "once each"),
    ("{prefix}{width}-{key}-{format}", "once each"),
    ("{prefix}{width}-{key}-{}", "no other braces"),
    ("{prefix}{width}-{key.upper}", "once each"),
    ("{prefix}{width:05d}-{key}", "once each"),
    ("{prefix}{width}-{key!r}", "once each"),
    ("{prefix}{width}-{key", "once each"),
    ("{prefix}{width}-}{key}", "no other braces"),
    ("{prefix}{{width}}-{key}", "no other braces"),
    ("{prefix}{width}{key}", "right after {width}"),
    ("{prefix}{key}{width}", "right after {key}, a character that is no letter, digit or _, such as - or /"),
    ("{prefix}{width}0{key}", "right after {width}"),
    ("{prefix}{width}px/{key}", "right after {width}"),
    ("{prefix}{width}_{key}", "right after {width}"),
    ("{prefix}{key}w/{width}", "right after {key}"),
    ("{prefix}{name}-{width}-{key}", "once each"),
    ("{prefix}-{width}{key}", "right after {width}"),
    ("{bucket}/{prefix}{width}-{key}", "must start with {prefix}"),
    ("{prefix}{bucket}/{bucket}/{width}-{key}", "at most once"),
    ("{prefix}{bucket:>9}/{width}-{key}", "no other braces"),
    ("{prefix}{bucket}{width}/{key}", "right after {bucket}"),
    ("{prefix}{bucket}-{width}/{key}", "right after {bucket}"),
    ("{prefix}{width}-{bucket}.{key}", "right after {bucket}"),
    ("{prefix}{width}{bucket}/{key}", "right after {width}"),
    (
        "{prefix}{width}-{key}-{bucket}",
        "right after {key}, a character that is no letter, digit, dot, - or _, such as /",
    ),
    ("{prefix}{key}/{bucket}{width}", "right after {bucket}, a character that is no letter, digit or _"),
]

WITH_BUCKET = [
    ("{prefix}{bucket}/{width}-{key}", "out/my-photos.eu/480-a/1.jpg"),
    ("{prefix}{width}-{bucket}/{key}", "out/480-my-photos.eu/a/1.jpg"),
    ("{prefix}{width}-{key}@{bucket}", "out/480-a/1.jpg@my-photos.eu"),
    ("{prefix}{key}/{bucket}-{width}", "out/a/1.jpg/my-photos.eu-480"),
]

_literals = st.text("-x1", max_size=2)
_fields = st.sampled_from([("{name}", "{key}"), ("{key}", "{name}"), ("{width}", "{key}")])
_templates = st.tuples(_literals, _fields, _literals, _literals).map(
    lambda parts: "{prefix}" + parts[0] + parts[1][0] + parts[2] + parts[1][1] + parts[3]
)
# Few characters and short names, so that two outputs collide if a template allows it.
_names = st.text("x1_", min_size=1, max_size=3)
_keys = st.text("01-_48{}x", min_size=1, max_size=3)


def mistake_in(template: str) -> str | None:
    """The reason for refusing a template, or None."""
    try:
        parse_key_template(template)
    except ValueError as mistake:
        return str(mistake)
    return None


@pytest.mark.parametrize(("template", "output"), UNAMBIGUOUS)
def test_unambiguous_templates_are_accepted(template: str, output: str) -> None:
    """A template that separates name and key is accepted and filled in."""
    assert mistake_in(template) is None
    assert fill(template, "out/", "480", "a/1.jpg") == output


def test_wrong_templates_are_refused_with_the_reason() -> None:
    """A template with a missing, repeated or ambiguous field, the bucket included, is refused with the reason."""
    for template, words in REFUSED:
        assert words in (mistake_in(template) or "")


@pytest.mark.parametrize("key", ["{width}", "{", "}}", "{0}", "%s", "{prefix.__class__}"])
def test_braces_in_a_key_are_plain_text(key: str) -> None:
    """Braces in a source's key are never a field."""
    assert fill("{prefix}{width}-{key}", "out/", "480", key) == f"out/480-{key}"


@settings(suppress_health_check=[HealthCheck.filter_too_much])  # most templates are refused
@given(template=_templates, one=st.tuples(_names, _keys), other=st.tuples(_names, _keys))
@example(template="{prefix}{key}-{width}", one=("4", "x-11"), other=("11", "x-4"))
def test_two_pairs_never_share_an_output(template: str, one: tuple[str, str], other: tuple[str, str]) -> None:
    """With any accepted template, two different pairs of name and key have different output keys."""
    assume(mistake_in(template) is None)
    assert (fill(template, "out/1", *one) == fill(template, "out/1", *other)) == (one == other)


@given(st.text("{}!:prefixwdthkynam-0. ", max_size=30))
def test_any_text_is_refused_or_can_be_filled_in(template: str) -> None:
    """Any text is refused with a reason, or gives output keys that start with the prefix."""
    mistake = mistake_in(template)
    if mistake is None:
        assert fill(template, "out/", "480", "cat.jpg").startswith("out/")
        assert template.count("{") == template.count("}") == 3
    else:
        assert mistake.startswith("must ")


@pytest.mark.parametrize(("template", "output"), WITH_BUCKET)
def test_the_source_bucket_can_be_in_the_key(template: str, output: str) -> None:
    """A template that separates the bucket as well is accepted and filled in."""
    assert mistake_in(template) is None
    settings = Settings(key_template=template).for_bucket("my-photos.eu")
    assert fill(settings.key_template, "out/", "480", "a/1.jpg") == output
