"""No output is ever a source, for any key and any settings."""

import dataclasses

import pytest
from hypothesis import assume, given, reject
from hypothesis import strategies as st

from resizer.errors import ConfigError, Reason, Rejected
from resizer.model import Change, Header, RenditionPlan, SourceObject
from resizer.planning.guard import reason_to_skip
from resizer.planning.outputs import check_key_length, outputs, plan
from resizer.settings import Settings
from resizer.settings.environment import EXTRA_FORMATS
from resizer.settings.rules import Rule
from tests.conftest import BUCKET, notification
from tests.support.pictures import header
from tests.support.sources import sources

SETTINGS = Settings()
OUTPUT_BUCKET = "thumbs"
ELSEWHERE = Settings(buckets=frozenset({BUCKET}), output_bucket=OUTPUT_BUCKET, output_prefix="")
# As encoded in an event, which must not hide the prefix.
UNDER_THE_OUTPUT_PREFIX = [
    "resized/480-cat.jpg",
    "resized%2F480-cat.jpg",
    "resized%2f480-cat.jpg",
    "%72esized/480-cat.jpg",
    "%72%65%73%69%7A%65%64%2F480-cat.jpg",
    "resized/480-two+words.jpg",
    "resized/+480-cat.jpg",
    "resized//480-cat.jpg",
    "resized%2F%2F480-cat.jpg",
    "resized/",
    "resized/480-resized/480-cat.jpg",
    "resized/../cat.jpg",
    "resized/%00",
]
OTHER_KEYS = [
    "resized",
    "resized.jpg",
    "resized%252F480-cat.jpg",
    "+resized/480-cat.jpg",
    "resized+/480-cat.jpg",
    "/resized/480-cat.jpg",
    "./resized/480-cat.jpg",
    "photos/../resized/480-cat.jpg",
    "Resized/480-cat.jpg",
    "RESIZED/480-cat.jpg",
    "photos/resized/480-cat.jpg",
    "resized%5C480-cat.jpg",
    "re%E2%80%8Bsized/480-cat.jpg",
    "resized%EF%BC%8F480-cat.jpg",
]

_text = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)
_prefixes = st.sampled_from(["resized/", "r", "é/", "4", "480-", "{}/", "a//", "..", "a" * 512]) | _text
_templates = st.sampled_from(
    [
        "{prefix}{width}-{key}",
        "{prefix}{key}/{width}",
        "{prefix}w/{width}/{key}",
        "{prefix}{{{key}}}@{width}x",
        "{prefix}{bucket}/{width}-{key}",
    ]
)


@st.composite
def _settings(draw: st.DrawFn) -> Settings:
    """Any valid settings."""
    environ = {
        "RESIZER_WIDTHS": ",".join(map(str, draw(st.lists(st.integers(1, 16_383), min_size=1, max_size=4)))),
        "RESIZER_OUTPUT_PREFIX": draw(_prefixes),
        "RESIZER_SOURCE_PREFIX": draw(st.just("") | _prefixes),
        "RESIZER_KEY_TEMPLATE": draw(_templates),
        "RESIZER_FORMATS": ",".join(draw(st.sets(st.sampled_from(sorted(EXTRA_FORMATS)), min_size=1))),
    }
    if draw(st.booleans()):
        environ |= {"RESIZER_BUCKETS": BUCKET, "RESIZER_OUTPUT_BUCKET": OUTPUT_BUCKET}
        environ |= draw(st.sampled_from([{}, {"RESIZER_OUTPUT_PREFIX": ""}]))
    try:
        return Settings.from_env(environ).for_bucket(BUCKET)
    except ConfigError:
        reject()


@st.composite
def _settings_and_key(draw: st.DrawFn) -> tuple[Settings, str]:
    """Settings and a valid key, which often starts like an output or a source."""
    settings = draw(_settings())
    start = draw(st.sampled_from(["", settings.output_prefix, settings.output_prefix[:-1], settings.source_prefix]))
    key = start + draw(_text)
    assume(len(key.encode()) <= 1024)
    return settings, key


def _planned(key: str, known: Header, settings: Settings) -> list[RenditionPlan]:
    """The plans for a key, if its output keys are not too long."""
    try:
        check_key_length(key, settings)
    except Rejected:
        reject()
    return plan(key, known, settings)


@given(_settings_and_key(), st.sampled_from(["JPEG", "PNG", "TIFF"]), st.booleans())
def test_no_output_is_ever_a_source(chosen: tuple[Settings, str], format_: str, transparent: bool) -> None:  # noqa: FBT001 # hypothesis draws it
    """For any key and any valid settings, the event of a rendition is skipped."""
    settings, key = chosen
    for each in _planned(key, header(1200, 800, format=format_, has_transparency=transparent), settings):
        written = SourceObject(settings.output_bucket_for(SourceObject(BUCKET, key)), each.key)
        if settings.output_bucket:
            assert reason_to_skip(written, settings) is Reason.OUTPUT_BUCKET
        else:
            assert settings.is_output(each.key)
            assert not settings.is_source(each.key)
            assert reason_to_skip(written, settings) is Reason.OUTPUT_PREFIX


@given(_settings_and_key())
def test_the_outputs_of_a_source_have_different_keys(chosen: tuple[Settings, str]) -> None:
    """A source has one output key for each width and format, all different."""
    settings, key = chosen
    plans = _planned(key, header(1200, 800), settings)
    assert len({each.key for each in plans}) == settings.defaults.writes
    assert [each.key for each in plans] == list(outputs(key, settings))


@given(_settings_and_key())
def test_a_key_is_never_both_output_and_source(chosen: tuple[Settings, str]) -> None:
    """A source is under the source prefix and outside the output prefix, compared byte by byte."""
    settings, key = chosen
    under = key[: len(settings.output_prefix)] == settings.output_prefix
    assert settings.is_output(key) == (under and settings.output_bucket is None)
    inside = key[: len(settings.source_prefix)] == settings.source_prefix
    assert settings.is_source(key) == (inside and not settings.is_output(key))


def test_keys_under_the_output_prefix_are_skipped() -> None:
    """However an event encodes a key under the output prefix, the key is skipped."""
    for encoded in UNDER_THE_OUTPUT_PREFIX:
        assert [reason_to_skip(source, SETTINGS) for source in sources(notification(encoded))] == [Reason.OUTPUT_PREFIX]


def test_keys_that_only_look_like_outputs_are_sources() -> None:
    """Keys that differ from the output prefix for S3 are sources, and their outputs are under it."""
    for encoded in OTHER_KEYS:
        (source,) = sources(notification(encoded))
        assert reason_to_skip(source, SETTINGS) is None
        assert all(SETTINGS.is_output(each.key) for each in plan(source.key, header(1200, 800), SETTINGS))


@pytest.mark.parametrize(
    ("prefix", "key", "expected"),
    [
        ("r\u00e9duit/", "r\u00e9duit/cat.jpg", True),
        ("r\u00e9duit/", "re\u0301duit/cat.jpg", False),
        ("re\u0301duit/", "r\u00e9duit/cat.jpg", False),
        ("\u212bngstr\u00f6m/", "\u00c5ngstr\u00f6m/cat.jpg", False),
        ("stra\u00dfe/", "strasse/cat.jpg", False),
    ],
)
def test_keys_are_compared_byte_by_byte(prefix: str, key: str, expected: bool) -> None:  # noqa: FBT001 # a table's column
    """Composed and decomposed letters are different, because S3 compares bytes."""
    assert dataclasses.replace(SETTINGS, output_prefix=prefix).is_output(key) is expected


def test_every_skipped_key_has_its_reason() -> None:
    """Other buckets and prefixes, excluded keys and folder markers are skipped, each with its own reason."""
    for source, reason in [
        (SourceObject("photos", "uploads/cat.jpg"), None),
        (SourceObject("other", "uploads/cat.jpg"), Reason.OTHER_BUCKET),
        (SourceObject("Photos", "uploads/cat.jpg"), Reason.OTHER_BUCKET),
        (SourceObject("photos", "cat.jpg"), Reason.OUTSIDE_SOURCE_PREFIX),
        (SourceObject("photos", "Uploads/cat.jpg"), Reason.OUTSIDE_SOURCE_PREFIX),
        (SourceObject("photos", "uploads"), Reason.OUTSIDE_SOURCE_PREFIX),
        (SourceObject("photos", "uploads/cat.jpg", Change.REMOVED), None),
        (SourceObject("photos", "uploads/cat.jpg", Change.OTHER), Reason.NOT_CREATED),
        (SourceObject("photos", "uploads/summer/", size=0), Reason.FOLDER_MARKER),
        (SourceObject("photos", "uploads/summer/", size=9), None),
        (SourceObject("photos", "uploads/summer/", size=None), None),
        (SourceObject("photos", "uploads/empty.jpg", size=0), None),
        (SourceObject("photos", "resized/480-cat.jpg", Change.REMOVED), Reason.OUTPUT_PREFIX),
        (SourceObject("other", "resized/480-cat.jpg"), Reason.OUTPUT_PREFIX),
        (SourceObject("photos", "uploads/raw/cat.jpg"), Reason.EXCLUDED),
        (SourceObject("photos", "uploads/raw/cat.jpg", Change.REMOVED), Reason.EXCLUDED),
        (SourceObject("photos", "uploads/raw/cat.jpg", widths=(9,)), Reason.EXCLUDED),
        (SourceObject("photos", "raw/cat.jpg"), Reason.OUTSIDE_SOURCE_PREFIX),
    ]:
        rules = (Rule(match=("uploads/raw/**",), skip=True), Rule.of_widths((9,)))
        settings = dataclasses.replace(SETTINGS, source_prefix="uploads/", buckets=frozenset({"photos"}), rules=rules)
        settings = settings.with_widths(source.widths)
        assert reason_to_skip(source, settings) is reason


def test_without_a_list_every_bucket_is_served() -> None:
    """Without RESIZER_BUCKETS, events of every bucket are processed."""
    assert reason_to_skip(SourceObject("anybody's", "cat.jpg"), SETTINGS) is None


def test_events_of_the_output_bucket_are_skipped() -> None:
    """All events of the output bucket are skipped as `output_bucket`, also if every bucket is served."""
    for change in Change:
        for key in ["cat.jpg", "resized/480-cat.jpg", "uploads/"]:
            for buckets in (ELSEWHERE.buckets, frozenset[str]()):
                settings = dataclasses.replace(ELSEWHERE, buckets=buckets)
                assert (
                    reason_to_skip(SourceObject(OUTPUT_BUCKET, key, change, size=0), settings) is Reason.OUTPUT_BUCKET
                )


def test_with_an_output_bucket_the_output_prefix_is_no_limit_for_sources() -> None:
    """The output prefix has no meaning in the source bucket; the source prefix still has."""
    resized = SourceObject(BUCKET, "resized/480-cat.jpg")
    for prefix in ("", "resized/"):
        assert reason_to_skip(resized, dataclasses.replace(ELSEWHERE, output_prefix=prefix)) is None
    assert reason_to_skip(SourceObject("other", "cat.jpg"), ELSEWHERE) is Reason.OTHER_BUCKET
    inside = dataclasses.replace(ELSEWHERE, source_prefix="uploads/")
    assert reason_to_skip(resized, inside) is Reason.OUTSIDE_SOURCE_PREFIX
