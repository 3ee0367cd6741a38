"""Every mistake in a `resizer.toml` is named by its path, all of them at once, and nothing starts with one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from resizer.errors import ConfigError
from resizer.settings import Settings
from resizer.settings.checking import check

if TYPE_CHECKING:
    from pathlib import Path

GRAVITY = "must be center, north, northeast, east, southeast, south, southwest, west, northwest, "
WIDTH = "must be a width from 1 to 16383, or a table such as { width = 600, height = 400 }"
SIDE = "must be a whole number from 1 to 16383"
NAME = "must be text of 1 to 64 letters A to Z, digits or _"
GLOB = "must be a glob such as photos/**, or a list of globs"


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
    ("rule = []", "rule: there is no such key here; is rules meant?"),
    ("defaults = 3", "defaults: must be a table"),
    ("rules = 3", "rules: must be a list"),
    ("rules = [3]", "rules[0]: must be a table"),
    ("watermarks = []", "watermarks: must be a table"),
    (D + "rendition = [480]", "defaults.rendition: there is no such key here; is renditions meant?"),
    (D + "skip = true", "defaults.skip: there is no such key here"),
    (D + "match = 'a'", "defaults.match: there is no such key here"),
    (D + "renditions = 480", "defaults.renditions: must be a list"),
    (D + "renditions = []", "defaults.renditions: must have 1 to 20 entries; these are 0"),
    (D + f"renditions = {list(range(1, 22))}", "defaults.renditions: must have 1 to 20 entries; these are 21"),
    (D + "renditions = [480, 0]", f"defaults.renditions[1]: {WIDTH}"),
    (D + "renditions = [16384]", f"defaults.renditions[0]: {WIDTH}"),
    (D + "renditions = [480.0]", f"defaults.renditions[0]: {WIDTH}"),
    (D + "renditions = ['480']", f"defaults.renditions[0]: {WIDTH}"),
    (D + "renditions = [true]", f"defaults.renditions[0]: {WIDTH}"),
    (
        D + "renditions = [480, 480]",
        "defaults.renditions[1]: has the name 480, as renditions[0] has; give one of them another name",
    ),
    (D + "formats = 'webp'", "defaults.formats: must be a list"),
    (D + "formats = []", "defaults.formats: must have 1 to 100 entries; these are 0"),
    (D + "formats = ['source', 'gif']", "defaults.formats[1]: must be one of avif, jpeg, png, source, webp"),
    (D + "formats = ['webp', 'webp']", "defaults.formats[1]: webp is there already"),
    (D + "quality = 80", "defaults.quality: must be a table"),
    (D + "quality = { jpeg = 0 }", "defaults.quality.jpeg: must be a whole number from 1 to 100"),
    (D + "quality = { webp = 101 }", "defaults.quality.webp: must be a whole number from 1 to 100"),
    (D + "quality = { avif = 55.0 }", "defaults.quality.avif: must be a whole number from 1 to 100"),
    (D + "quality = { png = 80 }", "defaults.quality.png: there is no such key here"),
    (D + "effort = 'most'", "defaults.effort: must be one of fast, balanced, small"),
    (D + "cache_control = 60", "defaults.cache_control: must be text in quotes"),
    (
        D + "cache_control = 'für immer'",
        "defaults.cache_control: must be printable ASCII, for it is sent as an HTTP header",
    ),
    (D + "manifest = 'yes'", "defaults.manifest: must be true or false"),
    (D + "placeholder = 1", "defaults.placeholder: must be true or false"),
    ("[[rules]]\nskip = true", "rules[0].match: is missing"),
    ("[[rules]]\nmatch = 3", f"rules[0].match: {GLOB}"),
    ("[[rules]]\nmatch = []", "rules[0].match: must have 1 to 100 entries; these are 0"),
    ("[[rules]]\nmatch = ['a', 3]", f"rules[0].match[1]: {GLOB}"),
    ("[[rules]]\nmatch = ''", "rules[0].match: must not be empty; ** matches every key"),
    ("[[rules]]\nmatch = 'a**'", "rules[0].match: must have ** alone between slashes, such as photos/**/*.jpg"),
    (R + "skip = 'yes'", "rules[0].skip: must be true or false"),
    (R + "manifests = true", "rules[0].manifests: there is no such key here; is manifest meant?"),
    (R + "effort = 9", "rules[0].effort: must be one of fast, balanced, small"),
    (box("width = 0"), f"{B}.width: {SIDE}"),
    (box("width = 9, height = 16384"), f"{B}.height: {SIDE}"),
    (box("width = 9, height = '9'"), f"{B}.height: {SIDE}"),
    (box("name = 'x'"), f"{B}: must have a width, a height or both"),
    (box("height = 9"), f"{B}.name: is missing; only a rendition with a width is named by it"),
    (box("width = 9, name = ''"), f"{B}.name: {NAME}"),
    (box("width = 9, name = 'a-b'"), f"{B}.name: {NAME}"),
    (box("width = 9, name = 'é'"), f"{B}.name: {NAME}"),
    (box(f"width = 9, name = '{'x' * 65}'"), f"{B}.name: {NAME}"),
    (box("width = 9, name = 9"), f"{B}.name: {NAME}"),
    (box("width = 9, name = 'manifest'"), f"{B}.name: must be another name than manifest, which is the manifest's"),
    (
        box("width = 480, height = 480"),
        f"{B}: has the name 480, as renditions[0] has; give one of them another name",
    ),
    (
        box("width = 9, name = '480'"),
        f"{B}: has the name 480, as renditions[0] has; give one of them another name",
    ),
    (box("width = 9, fit = 'fill'"), f"{B}.fit: must be one of inside, cover, contain"),
    (box("width = 9, fit = ['cover']"), f"{B}.fit: must be one of inside, cover, contain"),
    (box("width = 9, fit = 'cover'"), f"{B}.fit: cover needs a width and a height"),
    (box("height = 9, name = 'x', fit = 'contain'"), f"{B}.fit: contain needs a width and a height"),
    (box("width = 9, gravity = 'north'"), f"{B}.gravity: needs fit = cover or contain"),
    (
        box("width = 9, height = 9, fit = 'cover', gravity = 'top'"),
        f'{B}.gravity: {GRAVITY}attention, or fractions from the left and the top such as "0.3,0.7"',
    ),
    (
        box("width = 9, height = 9, fit = 'cover', gravity = '0.3,1.1'"),
        f'{B}.gravity: {GRAVITY}attention, or fractions from the left and the top such as "0.3,0.7"',
    ),
    (
        box("width = 9, height = 9, fit = 'cover', gravity = [0.3, 0.7]"),
        f'{B}.gravity: {GRAVITY}attention, or fractions from the left and the top such as "0.3,0.7"',
    ),
    (box("width = 9, height = 9, fit = 'cover', background = '#ffffff'"), f"{B}.background: needs fit = contain"),
    (
        box("width = 9, height = 9, fit = 'contain', background = 'white'"),
        f"{B}.background: must be a color such as #ffffff or #ffffff80",
    ),
    (box("width = 9, watermark = 'logo'"), f"{B}.watermark: there is no [watermarks.logo]"),
    (box("width = 9, watermark = 3"), f"{B}.watermark: must be text in quotes"),
    (box("width = 9, enlarge = 'yes'"), f"{B}.enlarge: must be true or false"),
    (box("width = 9, formats = ['heic']"), f"{B}.formats[0]: must be one of avif, jpeg, png, source, webp"),
    (box("width = 9, quality = { jpeg = 'best' }"), f"{B}.quality.jpeg: must be a whole number from 1 to 100"),
    (box("width = 9, effort = ''"), f"{B}.effort: must be one of fast, balanced, small"),
    (box("width = 9, cache_control = ''"), f"{B}.cache_control: there is no such key here"),
    (box("widht = 9, height = 8, name = 'x'"), f"{B}.widht: there is no such key here; is width meant?"),
    ("[watermarks.logo]\nwidth = 0.2", f"{W}.key: is missing"),
    ("[watermarks.logo]\nkey = ''", f"{W}.key: must be a key in the source bucket, of at most 1024 bytes"),
    (f"[watermarks.logo]\nkey = '{'é' * 513}'", f"{W}.key: must be a key in the source bucket, of at most 1024 bytes"),
    ("[watermarks]\nlogo = 'x'", f"{W}: must be a table"),
    ("[watermarks.'my logo']\nkey = 'x'", f'watermarks."my logo": {NAME}'),
    (mark("width = 0"), f"{W}.width: must be a fraction of the rendition's width, above 0 and at most 1"),
    (mark("width = 1.01"), f"{W}.width: must be a fraction of the rendition's width, above 0 and at most 1"),
    (mark("opacity = 0.0"), f"{W}.opacity: must be a number above 0 and at most 1"),
    (mark("opacity = nan"), f"{W}.opacity: must be a number above 0 and at most 1"),
    (mark("margin = 0.6"), f"{W}.margin: must be a fraction of the rendition's width from 0 to 0.5"),
    (mark("margin = true"), f"{W}.margin: must be a fraction of the rendition's width from 0 to 0.5"),
    (
        mark("gravity = 'attention'"),
        f'{W}.gravity: {GRAVITY[:-2]}, or fractions from the left and the top such as "0.3,0.7"',
    ),
    (mark("fit = 'cover'"), f"{W}.fit: there is no such key here"),
]


def mistakes(text: str) -> tuple[str, ...]:
    with pytest.raises(ConfigError) as refusal:
        check(text)
    return refusal.value.mistakes


@pytest.mark.parametrize(("text", "mistake"), MISTAKES)
def test_each_mistake_is_named_by_its_path(text: str, mistake: str) -> None:
    """One mistake is one line: where it is, and what it must be."""
    assert mistakes(text) == (mistake,)


def test_all_mistakes_are_told_together(tmp_path: Path) -> None:
    """Those of every rule and rendition, of the watermarks and of the environment, each by file or variable."""
    path = tmp_path / "shop.toml"
    path.write_text(
        "[[rules]]\nmatch = 'a**'\nrenditions = [{ width = 0, fit = 'x' }, { height = 0 }, 16384]\n"
        "[[rules]]\nrenditions = [{ width = 1, watermark = 'logo' }]\n[watermarks.other]\nwidth = 2\n"
    )
    with pytest.raises(ConfigError) as refusal:
        Settings.from_env({"RESIZER_CONFIG": str(path), "RESIZER_WIDTHS": "wide"})
    first, *others = refusal.value.mistakes
    assert first.startswith("RESIZER_WIDTHS='wide': ")
    assert [mistake.removeprefix(f"{path}: ").partition(":")[0] for mistake in others] == [
        "rules[0].match",
        "rules[0].renditions[0].width",
        "rules[0].renditions[0].fit",
        "rules[0].renditions[1].height",
        "rules[0].renditions[1].name",
        "rules[0].renditions[2]",
        "rules[1].match",
        "watermarks.other.width",
        "watermarks.other.key",
        "rules[1].renditions[0].watermark",
    ]
    assert all(f"\n  {mistake}" in str(refusal.value) for mistake in refusal.value.mistakes)
