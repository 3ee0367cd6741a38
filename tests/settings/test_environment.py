"""Environment variables set what the contract's table says, and every mistake is reported."""

from dataclasses import FrozenInstanceError

import pytest

from resizer.errors import ConfigError
from resizer.settings import Settings
from resizer.settings.environment import OF_DEFAULTS, VARIABLES
from resizer.settings.rules import Quality, Rule

DEFAULTS: dict[str, object] = {
    "defaults": Rule.of_widths((1000, 640, 480), formats=("source",), quality=Quality(jpeg=80, webp=78, avif=55)),
    "rules": (),
    "watermarks": {},
    "output_bucket": None,
    "output_prefix": "resized/",
    "source_prefix": "",
    "key_template": "{prefix}{name}-{key}",
    "max_pixels": 100_000_000,
    "max_bytes": 104_857_600,
    "buckets": frozenset(),
    "bucket_owner": None,
    "keep_metadata": "copyright",
    "tags": None,
    "storage_class": None,
    "function_memory": None,
    "on_delete": "remove",
    "rejections_queue_url": None,
    "large_function": None,
    "event_bus": None,
}
ALL = [*VARIABLES, *OF_DEFAULTS]
QUEUE = "https://sqs.eu-central-1.amazonaws.com/123456789012/rejections"
BUS = "arn:aws:events:eu-central-1:123456789012:event-bus/pictures"
ACCEPTED = [
    ("RESIZER_WIDTHS", "320", "defaults", Rule.of_widths((320,))),
    ("RESIZER_WIDTHS", " 100, 2000 ,300,100,", "defaults", Rule.of_widths((2000, 300, 100))),
    ("RESIZER_WIDTHS", "1,16383", "defaults", Rule.of_widths((16383, 1))),
    ("RESIZER_WIDTHS", ",".join(map(str, [*range(1, 21), 1])), "defaults", Rule.of_widths(tuple(range(20, 0, -1)))),
    ("RESIZER_OUTPUT_PREFIX", "thumbs/", "output_prefix", "thumbs/"),
    ("RESIZER_OUTPUT_PREFIX", "réduit", "output_prefix", "réduit"),
    ("RESIZER_SOURCE_PREFIX", "uploads/2024/", "source_prefix", "uploads/2024/"),
    ("RESIZER_SOURCE_PREFIX", "r", "source_prefix", "r"),
    ("RESIZER_KEY_TEMPLATE", "{prefix}{key}/w{width}", "key_template", "{prefix}{key}/w{width}"),
    ("RESIZER_FORMATS", "source,webp,avif", "defaults", Rule.of_widths(formats=("source", "webp", "avif"))),
    ("RESIZER_FORMATS", "WebP, png,webp,jpeg", "defaults", Rule.of_widths(formats=("webp", "png", "jpeg"))),
    ("RESIZER_QUALITY", "jpeg=70", "defaults", Rule.of_widths(quality=Quality(jpeg=70))),
    ("RESIZER_QUALITY", "avif=1, webp=100", "defaults", Rule.of_widths(quality=Quality(webp=100, avif=1))),
    ("RESIZER_MAX_PIXELS", "5000", "max_pixels", 5000),
    ("RESIZER_MAX_BYTES", "1", "max_bytes", 1),
    ("RESIZER_CACHE_CONTROL", "public, max-age=1", "defaults", Rule.of_widths(cache_control="public, max-age=1")),
    ("RESIZER_BUCKETS", "photos, more-photos,", "buckets", frozenset({"photos", "more-photos"})),
    ("RESIZER_BUCKETS", "My_Photos", "buckets", frozenset({"My_Photos"})),  # allowed before 2018
    ("RESIZER_BUCKET_OWNER", "123456789012", "bucket_owner", "123456789012"),
    ("RESIZER_ON_DELETE", "Keep", "on_delete", "keep"),
    ("RESIZER_REJECTIONS_QUEUE_URL", QUEUE, "rejections_queue_url", QUEUE),
    ("RESIZER_LARGE_FUNCTION", "resizer-large:live", "large_function", "resizer-large:live"),
    ("RESIZER_EVENT_BUS", "pictures", "event_bus", "pictures"),
    ("RESIZER_EVENT_BUS", BUS, "event_bus", BUS),
    ("RESIZER_KEEP_METADATA", "none", "keep_metadata", "none"),
    ("RESIZER_KEEP_METADATA", "all", "keep_metadata", "all"),
    ("RESIZER_TAGS", "team=shop&kind=small%20picture", "tags", "team=shop&kind=small+picture"),
    ("RESIZER_STORAGE_CLASS", "STANDARD_IA", "storage_class", "STANDARD_IA"),
    ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "1024", "function_memory", 1024),
]
REFUSED = [
    ("RESIZER_WIDTHS", "wide"),
    ("RESIZER_WIDTHS", "480,0"),
    ("RESIZER_WIDTHS", "-480"),
    ("RESIZER_WIDTHS", "480.5"),
    ("RESIZER_WIDTHS", "16384"),
    ("RESIZER_WIDTHS", "٤٨٠"),
    ("RESIZER_WIDTHS", ","),
    ("RESIZER_WIDTHS", ",".join(map(str, range(1, 22)))),
    ("RESIZER_ON_DELETE", "ask"),
    ("RESIZER_REJECTIONS_QUEUE_URL", "arn:aws:sqs:eu-central-1:123456789012:rejections"),
    ("RESIZER_LARGE_FUNCTION", "resizer large"),
    ("RESIZER_OUTPUT_BUCKET", "Thumbs"),
    ("RESIZER_OUTPUT_BUCKET", "photos-abcdefgh-s3alias"),
    ("RESIZER_OUTPUT_BUCKET", "arn:aws:s3:::thumbs"),
    ("RESIZER_EVENT_BUS", "my pictures"),
    ("RESIZER_EVENT_BUS", "arn:aws:sqs:eu-central-1:123456789012:rejections"),
    ("RESIZER_OUTPUT_PREFIX", "/"),
    ("RESIZER_OUTPUT_PREFIX", "/resized/"),
    ("RESIZER_KEY_TEMPLATE", "{width}-{key}"),
    ("RESIZER_KEY_TEMPLATE", "{prefix}{width}"),
    ("RESIZER_FORMATS", "tiff"),
    ("RESIZER_FORMATS", "source webp"),
    ("RESIZER_FORMATS", ","),
    ("RESIZER_QUALITY", "80"),
    ("RESIZER_QUALITY", "jpeg=0"),
    ("RESIZER_QUALITY", "jpeg=101"),
    ("RESIZER_QUALITY", "jpeg=best"),
    ("RESIZER_QUALITY", "png=80"),
    ("RESIZER_QUALITY", "xjpeg=80"),
    ("RESIZER_QUALITY", "jpeg=²"),
    ("RESIZER_QUALITY", "jpeg=80,jpeg=90"),
    ("RESIZER_BUCKETS", ","),
    ("RESIZER_BUCKETS", "photos,s3://photos"),
    ("RESIZER_MAX_PIXELS", "0"),
    ("RESIZER_MAX_PIXELS", "9" * 16),
    ("RESIZER_MAX_PIXELS", "1e8"),
    ("RESIZER_MAX_BYTES", "-1"),
    ("RESIZER_MAX_BYTES", "100MB"),
    ("RESIZER_CACHE_CONTROL", "max-age=1\r\nX-Other: 2"),
    ("RESIZER_CACHE_CONTROL", "für immer"),
    ("RESIZER_KEEP_METADATA", "everything"),
    ("RESIZER_TAGS", "&".join(f"tag{number}=x" for number in range(11))),
    ("RESIZER_TAGS", "x" * 129 + "=long"),
    ("RESIZER_TAGS", "a=1&a=2"),
    ("RESIZER_TAGS", "team"),
    ("RESIZER_TAGS", "team=a%23b"),
    ("RESIZER_TAGS", "aws:team=shop"),
    ("RESIZER_STORAGE_CLASS", "DEEP_ARCHIVE"),
    ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "much"),
]


def recipe(settings: Settings) -> str:
    """The recipe of the narrowest rendition."""
    return settings.recipe_of(settings.defaults, settings.defaults.renditions[-1])


def test_the_defaults_are_those_of_the_contract() -> None:
    """With an empty environment every setting has the contract's default."""
    for field, value in DEFAULTS.items():
        assert getattr(Settings.from_env({}), field) == value


def test_a_blank_variable_means_the_default() -> None:
    """An empty variable, as deployment templates set it, means the default."""
    for variable in ALL:
        assert Settings.from_env({variable: "  "}) == Settings()


def test_each_variable_sets_its_field() -> None:
    """A variable sets its own field and no other."""
    for variable, text, field, value in ACCEPTED:
        settings = Settings.from_env({variable: text})
        changed = {name for name in DEFAULTS if getattr(settings, name) != DEFAULTS[name]}
        assert getattr(settings, field) == value
        assert changed == {field}


def test_every_variable_has_a_case() -> None:
    """Every variable is tested here, except for the output bucket, which needs others: see `test_output_bucket`."""
    assert {case[0] for case in ACCEPTED} == set(ALL) - {"RESIZER_OUTPUT_BUCKET"}


def test_each_mistake_names_variable_and_value() -> None:
    """The error for a wrong value has the variable, the value and what it must be."""
    for variable, text in REFUSED:
        with pytest.raises(ConfigError) as refusal:
            Settings.from_env({variable: text})
        (mistake,) = refusal.value.mistakes
        assert mistake.startswith((f"{variable}={text!r}: must ", f"{variable}={text!r}: is not "))


@pytest.mark.parametrize(
    ("variable", "text", "reason"),
    [
        ("RESIZER_FORMATS", "webp,jpg,gif", "must be one of source, jpeg, png, webp, avif; 'jpg' is wrong"),
        ("RESIZER_QUALITY", "webp=9,png=80", "pairs such as jpeg=80,webp=78,avif=55, from 1 to 100; 'png=80' is wrong"),
        ("RESIZER_QUALITY", "jpeg=80,webp=9,jpeg=90", "must have jpeg only once"),
        ("RESIZER_BUCKETS", "photos, My Photos", "must be names of buckets; 'My Photos' is wrong"),
    ],
)
def test_a_mistake_in_a_list_quotes_the_item(variable: str, text: str, reason: str) -> None:
    """The error for a list quotes the wrong item."""
    with pytest.raises(ConfigError) as refusal:
        Settings.from_env({variable: text})
    (mistake,) = refusal.value.mistakes
    assert mistake.endswith(reason)


def test_all_mistakes_are_reported_together() -> None:
    """All mistakes are reported in one error, in the order of the table."""
    wrong = dict(REFUSED)
    with pytest.raises(ConfigError) as refusal:
        Settings.from_env(wrong)
    names = [mistake.partition("=")[0] for mistake in refusal.value.mistakes]
    assert names == [variable for variable in ALL if variable in wrong]
    assert all(f"\n  {mistake}" in str(refusal.value) for mistake in refusal.value.mistakes)


@pytest.mark.parametrize(
    ("output_prefix", "source_prefix"),
    [("", "resized/"), ("", "resized/in/"), ("photos/", "photos/"), ("p", "photos/"), ("réduit/", "réduit/à/")],
)
def test_a_source_prefix_under_the_output_prefix_is_refused(output_prefix: str, source_prefix: str) -> None:
    """If every source would be an output, the error names both variables."""
    environ = {"RESIZER_OUTPUT_PREFIX": output_prefix, "RESIZER_SOURCE_PREFIX": source_prefix}
    with pytest.raises(ConfigError, match=r"RESIZER_SOURCE_PREFIX=.* is under RESIZER_OUTPUT_PREFIX="):
        Settings.from_env(environ)


@pytest.mark.parametrize("source_prefix", ["resized", "Resized/", "uploads/resized/", "re"])
def test_a_source_prefix_outside_the_output_prefix_is_accepted(source_prefix: str) -> None:
    """A source prefix that allows keys outside the output prefix is accepted."""
    assert Settings.from_env({"RESIZER_SOURCE_PREFIX": source_prefix}).source_prefix == source_prefix


@pytest.mark.parametrize(
    ("variable", "text"),
    [
        ("RESIZER_QUALITY", "jpeg=81"),
        ("RESIZER_QUALITY", "webp=79"),
        ("RESIZER_QUALITY", "avif=56"),
        ("RESIZER_CACHE_CONTROL", "no-cache"),
        ("RESIZER_KEEP_METADATA", "none"),
        ("RESIZER_TAGS", "team=shop"),
        ("RESIZER_STORAGE_CLASS", "STANDARD_IA"),
    ],
)
def test_settings_for_bytes_or_headers_change_the_recipe(variable: str, text: str) -> None:
    """Another quality, header or metadata setting is another recipe, so that renditions are replaced."""
    assert recipe(Settings.from_env({variable: text})) != recipe(Settings())


def test_other_settings_do_not_change_the_recipe() -> None:
    """A new width or format, or a setting about sources or keys, keeps the recipe, so nothing is replaced."""
    for variable, text in [
        ("RESIZER_WIDTHS", "480,1100"),
        ("RESIZER_FORMATS", "source,webp"),
        ("RESIZER_OUTPUT_PREFIX", "thumbs/"),
        ("RESIZER_SOURCE_PREFIX", "uploads/"),
        ("RESIZER_KEY_TEMPLATE", "{prefix}{width}/{key}"),
        ("RESIZER_MAX_PIXELS", "9"),
        ("RESIZER_MAX_BYTES", "9"),
        ("RESIZER_BUCKETS", "photos"),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "3008"),
    ]:
        assert recipe(Settings.from_env({variable: text})) == recipe(Settings())


def test_settings_are_frozen() -> None:
    """A field of `Settings` cannot be assigned."""
    with pytest.raises(FrozenInstanceError):
        Settings().max_bytes = 1  # type: ignore[misc] # the promise itself
