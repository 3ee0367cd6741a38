"""Renditions in a bucket of their own: settings under which an output could be a source, or unclear, do not start."""

from __future__ import annotations

import pytest

from resizer.errors import ConfigError
from resizer.model import SourceObject
from resizer.settings import Settings

ONE = {"RESIZER_BUCKETS": "photos", "RESIZER_OUTPUT_BUCKET": "thumbs"}
WITH_BUCKET = {"RESIZER_KEY_TEMPLATE": "{prefix}{bucket}/{name}-{key}"}
CAT = SourceObject("photos", "cat.jpg")


def mistakes(**environ: str) -> tuple[str, ...]:
    """What is wrong with these settings, beside an output bucket."""
    with pytest.raises(ConfigError) as refusal:
        Settings.from_env({**ONE, **environ})
    return refusal.value.mistakes


def test_the_output_bucket_is_where_all_renditions_are() -> None:
    """With it they are there, whatever bucket the source is in; without it in the source's bucket."""
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
def test_only_there_an_empty_prefix_means_none(environ: dict[str, str], prefix: str) -> None:
    """Set to an empty string the prefix is empty in the output bucket, and the default everywhere else."""
    assert Settings.from_env(environ).output_prefix == prefix


def test_an_output_bucket_among_the_sources_does_not_start() -> None:
    """Its events would be those of renditions."""
    (mistake,) = mistakes(RESIZER_BUCKETS="photos,thumbs", **WITH_BUCKET)
    assert mistake.startswith("RESIZER_OUTPUT_BUCKET='thumbs': is also in RESIZER_BUCKETS")


@pytest.mark.parametrize("buckets", ["", "photos,films"])
def test_several_buckets_need_their_names_in_the_keys(buckets: str) -> None:
    """Two buckets may have a source of the same key, so both names must be in the output keys."""
    (mistake,) = mistakes(RESIZER_BUCKETS=buckets)
    assert "RESIZER_KEY_TEMPLATE must have {bucket}" in mistake
    settings = Settings.from_env(ONE | WITH_BUCKET | {"RESIZER_BUCKETS": buckets})
    assert settings.for_bucket("films").key_template == "{prefix}films/{name}-{key}"


def test_both_mistakes_are_told_together() -> None:
    """A bucket that is listed, beside another, without `{bucket}`: both are named."""
    assert len(mistakes(RESIZER_BUCKETS="photos,thumbs")) == 2


def test_sources_may_have_the_prefix_that_renditions_have_in_the_other_bucket() -> None:
    """The output prefix means nothing in the source bucket."""
    settings = Settings.from_env(ONE | {"RESIZER_SOURCE_PREFIX": "resized/"})
    assert (settings.source_prefix, settings.output_prefix) == ("resized/", "resized/")
