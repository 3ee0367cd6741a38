"""Every mistake in `resizer.toml` is reported with its path, all of them together."""

from pathlib import Path

import pytest

from resizer.errors import ConfigError
from resizer.settings import Settings
from resizer.settings.check import check

GRAVITY = (
    "must be center, a side or a corner such as north or southeast, {}or fractions from the left and the top such as "
    '"0.3,0.7"'
)
SET = "must be a list of 1 to 20 widths or tables"
WIDTH = "must be a width in pixels, or a table such as { width = 600, height = 400 }"
NAME = "must be a name of 1 to 64 letters a to z or A to Z, digits or _; the name manifest is reserved"
GLOB = "must be a glob such as photos/**"
STARS = "must have ** alone between slashes, such as photos/**/*.jpg; ** matches every key"
GLOBS = "must be a glob such as photos/**, or a list of globs"
FORMATS = 'must be a list of one or more formats, each once, such as ["source", "webp"]'
FORMAT = "must be one of source, jpeg, png, webp, avif"
EFFORT = "must be one of fast, balanced, small"
FIT = "must be one of inside, cover, contain"
SAME = "has the same name 480 as renditions[0]; choose another name"
ASCII = "must be printable ASCII, because it is sent as an HTTP header"
NO_KEY = "there is no such key here"
NO_WIDTH = "is missing; a rendition without a width needs a height and a name"
NO_BOX = "is missing; cover and contain need a width and a height"
OF_RENDITION = f"{NO_KEY}; it belongs to a rendition"
SIDE = "must be a whole number of pixels from 1 to 16383"
QUALITY = "must be a whole number from 1 to 100"
FRACTION = "must be a number above 0 and at most 1"
MARGIN = "must be a number from 0 to 0.5"


def box(text: str) -> str:
    return f"[[rules]]\nmatch = 'a'\nrenditions = [480, {{ {text} }}]"


def mark(text: str) -> str:
    return f"watermarks = {{ logo = {{ key = 'x', {text} }} }}"


B = "rules[0].renditions[1]"
W = "watermarks.logo"
D = "[defaults]\n"
R = "[[rules]]\nmatch = 'a'\n"
MISTAKES = [
    ("x =", "is not valid TOML: Invalid value (at end of document)"),
    ("rule = []", f"rule: {NO_KEY}; did you mean rules?"),
    ("defaults = 3", "defaults: must be a table"),
    *((text, "rules: must be a list: write [[rules]], with two brackets") for text in ("rules = 3", "[rules]")),
    ("renditions = [480]", f"renditions: {NO_KEY}; put it under [defaults]"),
    ("widths = [480]", f"widths: {NO_KEY}; put it under [defaults], as renditions"),
    ("match = 'a'", f"match: {NO_KEY}; put it under [[rules]]"),
    ("rules = [3]", "rules[0]: must be a table"),
    ("watermarks = []", "watermarks: must be a table"),
    (D + "rendition = [480]", f"defaults.rendition: {NO_KEY}; did you mean renditions?"),
    (D + "widths = [480]", f"defaults.widths: {NO_KEY}; did you mean renditions?"),
    (D + "skip = true", f"defaults.skip: {NO_KEY}; it belongs to a rule"),
    (D + "match = 'a'", f"defaults.match: {NO_KEY}; it belongs to a rule"),
    (D + "fit = 'cover'", f"defaults.fit: {OF_RENDITION}"),
    (D + "renditions = 480", f"defaults.renditions: {SET}"),
    (D + "renditions = []", f"defaults.renditions: {SET}"),
    (D + f"renditions = {list(range(1, 22))}", f"defaults.renditions: {SET}"),
    (D + "renditions = [480, 0]", f"defaults.renditions[1]: {SIDE}"),
    (D + "renditions = [16384]", f"defaults.renditions[0]: {SIDE}"),
    (D + "renditions = [480.0]", f"defaults.renditions[0]: {WIDTH}"),
    (D + "renditions = ['480']", f"defaults.renditions[0]: {WIDTH}"),
    (D + "renditions = [true]", f"defaults.renditions[0]: {WIDTH}"),
    (D + "renditions = [480, 480]", f"defaults.renditions[1]: {SAME}"),
    (D + "formats = 'webp'", f"defaults.formats: {FORMATS}"),
    (D + "formats = []", f"defaults.formats: {FORMATS}"),
    (D + "formats = ['source', 'gif']", f"defaults.formats[1]: {FORMAT}"),
    (D + "formats = ['webp', 'webp']", f"defaults.formats: {FORMATS}"),
    (D + "quality = 80", "defaults.quality: must be a table such as { jpeg = 80 }"),
    (D + "quality = { jpeg = 0 }", f"defaults.quality.jpeg: {QUALITY}"),
    (D + "quality = { webp = 101 }", f"defaults.quality.webp: {QUALITY}"),
    (D + "quality = { avif = 55.0 }", f"defaults.quality.avif: {QUALITY}"),
    (D + "quality = { png = 80 }", f"defaults.quality.png: {NO_KEY}"),
    (D + "effort = 'most'", f"defaults.effort: {EFFORT}"),
    (D + "cache_control = 60", 'defaults.cache_control: must be text, such as "public, max-age=300"'),
    (D + "cache_control = 'für immer'", f"defaults.cache_control: {ASCII}"),
    (D + 'cache_control = "no-cache\\n"', f"defaults.cache_control: {ASCII}"),
    (D + "manifest = 'yes'", "defaults.manifest: must be true or false"),
    (D + "placeholder = 1", "defaults.placeholder: must be true or false"),
    ("[[rules]]\nskip = true", "rules[0].match: is missing"),
    ("[[rules]]\nmatch = 3", f"rules[0].match: {GLOBS}"),
    ("[[rules]]\nmatch = []", "rules[0].match: must have at least one glob"),
    ("[[rules]]\nmatch = ['a', 3]", f"rules[0].match[1]: {GLOB}"),
    ("[[rules]]\nmatch = ''", f"rules[0].match: {GLOB}"),
    *((f"[[rules]]\nmatch = '{glob}'", f"rules[0].match: {STARS}") for glob in ("a**", "**.jpg", "a/**x/y", "***")),
    (R + "skip = 'yes'", "rules[0].skip: must be true or false"),
    (R + "manifests = true", f"rules[0].manifests: {NO_KEY}; did you mean manifest?"),
    (R + "watermark = 'logo'", f"rules[0].watermark: {OF_RENDITION}"),
    (R + "widths = [480]", f"rules[0].widths: {NO_KEY}; did you mean renditions?"),
    (R + "effort = 9", f"rules[0].effort: {EFFORT}"),
    (box("width = 0"), f"{B}.width: {SIDE}"),
    (box("width = 9, height = 16384"), f"{B}.height: {SIDE}"),
    (box("width = 9, height = '9'"), f"{B}.height: {SIDE}"),
    (box("name = 'x'"), f"{B}.height: {NO_WIDTH}"),
    (box("height = 9"), f"{B}.name: {NO_WIDTH}"),
    (box("width = 9, name = ''"), f"{B}.name: {NAME}"),
    (box("width = 9, name = 'a-b'"), f"{B}.name: {NAME}"),
    (box("width = 9, name = 'é'"), f"{B}.name: {NAME}"),
    (box('width = 9, name = "x\\n"'), f"{B}.name: {NAME}"),
    (box(f"width = 9, name = '{'x' * 65}'"), f"{B}.name: {NAME}"),
    (box("width = 9, name = 9"), f"{B}.name: {NAME}"),
    (box("width = 9, name = 'manifest'"), f"{B}.name: {NAME}"),
    (box("width = 480, height = 480"), f"{B}: {SAME}"),
    (box("width = 9, name = '480'"), f"{B}: {SAME}"),
    (box("width = 9, fit = 'fill'"), f"{B}.fit: {FIT}"),
    (box("width = 9, fit = ['cover']"), f"{B}.fit: {FIT}"),
    (box("width = 9, fit = 'cover'"), f"{B}.height: {NO_BOX}"),
    (box("height = 9, name = 'x', fit = 'contain'"), f"{B}.width: {NO_BOX}"),
    (box("width = 9, gravity = 'north'"), f"{B}.gravity: needs fit = cover or contain"),
    *(
        (
            box(f"width = 9, height = 9, fit = 'cover', gravity = {wrong}"),
            f"{B}.gravity: {GRAVITY.format('attention, ')}",
        )
        for wrong in ("'top'", "'0.3,1.1'", "[0.3, 0.7]")
    ),
    (box("width = 9, height = 9, fit = 'cover', background = '#ffffff'"), f"{B}.background: needs fit = contain"),
    (
        box("width = 9, height = 9, fit = 'contain', background = 'white'"),
        f"{B}.background: must be a color such as #ffffff or #ffffff80",
    ),
    (box("width = 9, watermark = 'logo'"), f"{B}.watermark: must be the name of a table in [watermarks]"),
    (box("width = 9, watermark = 3"), f"{B}.watermark: must be the name of a table in [watermarks]"),
    (box("width = 9, enlarge = 'yes'"), f"{B}.enlarge: must be true or false"),
    (box("width = 9, formats = ['heic']"), f"{B}.formats[0]: {FORMAT}"),
    (box("width = 9, quality = { jpeg = 'best' }"), f"{B}.quality.jpeg: {QUALITY}"),
    (box("width = 9, effort = ''"), f"{B}.effort: {EFFORT}"),
    (box("width = 9, cache_control = ''"), f"{B}.cache_control: {NO_KEY}"),
    (box("widht = 9, height = 8, name = 'x'"), f"{B}.widht: {NO_KEY}; did you mean width?"),
    ("[watermarks.logo]\nwidth = 0.2", f"{W}.key: is missing"),
    ("[watermarks.logo]\nkey = ''", f"{W}.key: must be a key of 1 to 1024 characters, such as brand/logo.png"),
    ("[watermarks]\nlogo = 'x'", f"{W}: must be a table"),
    ("[watermarks.'my logo']\nkey = 'x'", f"watermarks['my logo']: {NAME}"),
    (mark("width = 0"), f"{W}.width: {FRACTION}"),
    (mark("width = 1.01"), f"{W}.width: {FRACTION}"),
    (mark("opacity = 0.0"), f"{W}.opacity: {FRACTION}"),
    (mark("opacity = nan"), f"{W}.opacity: {FRACTION}"),
    (mark("opacity = 1979-05-27"), f"{W}.opacity: {FRACTION}"),
    (mark("margin = 0.6"), f"{W}.margin: {MARGIN}"),
    (mark("margin = true"), f"{W}.margin: {MARGIN}"),
    (mark("gravity = 'attention'"), f"{W}.gravity: {GRAVITY.format('')}"),
    (mark("fit = 'cover'"), f"{W}.fit: {NO_KEY}"),
]


def mistakes(text: str) -> tuple[str, ...]:
    with pytest.raises(ConfigError) as refusal:
        check(text)
    return refusal.value.mistakes


def test_each_mistake_has_its_path() -> None:
    """A mistake is one line with the path and what the value must be."""
    for text, mistake in MISTAKES:
        assert mistakes(text) == (mistake,)


def test_all_mistakes_are_reported_together(tmp_path: Path) -> None:
    """Mistakes in rules, renditions, watermarks and variables are all in one error."""
    path = tmp_path / "shop.toml"
    path.write_text(
        "[[rules]]\nmatch = 'a**'\nrenditions = [{ width = 0, fit = 'x' }, { height = 0 }, 16384]\n"
        "[[rules]]\nrenditions = [{ width = 1, watermark = 'logo' }]\n[watermarks.other]\nwidth = 2\n"
    )
    with pytest.raises(ConfigError) as refusal:
        Settings.from_env({"RESIZER_CONFIG": str(path), "RESIZER_WIDTHS": "wide"})
    first, *others = refusal.value.mistakes
    assert first.startswith("RESIZER_WIDTHS='wide': ")
    assert {mistake.removeprefix(f"{path}: ").partition(":")[0] for mistake in others} == {
        "rules[0].match",
        "rules[0].renditions[0].width",
        "rules[0].renditions[0].fit",
        "rules[0].renditions[1].height",
        "rules[0].renditions[1].name",
        "rules[0].renditions[2]",
        "rules[1].match",
        "rules[1].renditions[0].watermark",
        "watermarks.other.width",
        "watermarks.other.key",
    }
    assert all(f"\n  {mistake}" in str(refusal.value) for mistake in refusal.value.mistakes)


def test_mistakes_are_in_the_order_of_the_file() -> None:
    """Mistakes in a rule's renditions are in the order of the renditions, whatever their kind."""
    lines = mistakes("[[rules]]\nmatch = 'a'\nrenditions = [0, 480, 480, { width = 9, fit = 'x' }, 480]")
    assert [mistake.partition(":")[0] for mistake in lines] == [
        "rules[0].renditions[0]",
        "rules[0].renditions[2]",
        "rules[0].renditions[3].fit",
        "rules[0].renditions[4]",
    ]
