"""With an output bucket, settings are refused if an output could be a source or two sources share a key."""

import pytest

from resizer.errors import ConfigError
from resizer.model import SourceObject
from resizer.settings import Settings

ONE = {"RESIZER_BUCKETS": "photos", "RESIZER_OUTPUT_BUCKET": "thumbs"}
WITH_BUCKET = {"RESIZER_KEY_TEMPLATE": "{prefix}{bucket}/{name}-{key}"}
CAT = SourceObject("photos", "cat.jpg")


def mistakes(**environ: str) -> tuple[str, ...]:
    """The mistakes in these settings, with an output bucket."""
    with pytest.raises(ConfigError) as refusal:
        Settings.from_env({**ONE, **environ})
    return refusal.value.mistakes


def test_all_renditions_go_to_the_output_bucket() -> None:
    """With an output bucket all renditions go there; without one they go to the source's bucket."""
    assert Settings.from_env(ONE).output_bucket_for(CAT) == "thumbs"
    assert Settings().output_bucket_for(CAT) == "photos"


@pytest.mark.parametrize(
    ("environ", "prefix"),
    [
        (ONE, "resized/"),
        (ONE | {"RESIZER_OUTPUT_PREFIX": ""}, ""),
        (ONE | {"RESIZER_OUTPUT_PREFIX": " "}, ""),
        (ONE | {"RESIZER_OUTPUT_PREFIX": "small/"}, "small/"),
        ({"RESIZER_OUTPUT_PREFIX": ""}, "resized/"),
        ({"RESIZER_OUTPUT_BUCKET": "", "RESIZER_OUTPUT_PREFIX": ""}, "resized/"),
    ],
)
def test_an_empty_prefix_needs_an_output_bucket(environ: dict[str, str], prefix: str) -> None:
    """An empty RESIZER_OUTPUT_PREFIX means no prefix with an output bucket, and the default without one."""
    assert Settings.from_env(environ).output_prefix == prefix


def test_the_output_bucket_must_not_be_a_source_bucket() -> None:
    """An output bucket that is also in RESIZER_BUCKETS is refused."""
    (mistake,) = mistakes(RESIZER_BUCKETS="photos,thumbs", **WITH_BUCKET)
    assert mistake.startswith("RESIZER_OUTPUT_BUCKET='thumbs': is also in RESIZER_BUCKETS")


@pytest.mark.parametrize("buckets", ["", "photos,films"])
def test_several_source_buckets_need_the_bucket_in_the_key(buckets: str) -> None:
    """Two buckets can have the same key, so the template must have `{bucket}`."""
    (mistake,) = mistakes(RESIZER_BUCKETS=buckets)
    assert "RESIZER_KEY_TEMPLATE must have {bucket}" in mistake
    settings = Settings.from_env(ONE | WITH_BUCKET | {"RESIZER_BUCKETS": buckets})
    assert settings.for_bucket("films").key_template == "{prefix}films/{name}-{key}"


def test_both_mistakes_are_reported_together() -> None:
    """A listed output bucket and a missing `{bucket}` are both reported."""
    assert len(mistakes(RESIZER_BUCKETS="photos,thumbs")) == 2


@pytest.mark.parametrize(
    "wrong",
    [
        {"RESIZER_BUCKETS": "my photos"},
        {"RESIZER_BUCKETS": "", "RESIZER_KEY_TEMPLATE": "{prefix}{bucket}{name}-{key}"},
    ],
)
def test_a_wrong_variable_is_one_mistake(wrong: dict[str, str]) -> None:
    """A variable that is wrong itself is not reported again because its default clashes with the output bucket."""
    (mistake,) = mistakes(**wrong)
    assert mistake.partition("=")[0] in wrong


def test_source_prefix_and_output_prefix_can_be_the_same() -> None:
    """With an output bucket, the source prefix may be the output prefix."""
    settings = Settings.from_env(ONE | {"RESIZER_SOURCE_PREFIX": "resized/"})
    assert (settings.source_prefix, settings.output_prefix) == ("resized/", "resized/")
