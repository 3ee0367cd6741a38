"""`resizer.toml` is found where the contract says, and each key means what the documents say."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from resizer.errors import ConfigError
from resizer.settings import Settings, file
from resizer.settings.rules import Effort, Fit, Quality, RenditionSpec, Rule, Watermark
from tests.conftest import PROJECT

PLAIN = RenditionSpec(name="9", width=9)
RULE = Rule.of_widths()


def settings(folder: Path, text: str, **environ: str) -> Settings:
    path = folder / "resizer.toml"
    path.write_text(text)
    return Settings.from_env({"RESIZER_CONFIG": str(path), **environ})


RENDITIONS = [
    ("9", PLAIN),
    ("{ width = 9 }", PLAIN),
    ("{ width = 9, name = 'x_1' }", replace(PLAIN, name="x_1")),
    ("{ height = 8, name = '8' }", RenditionSpec(name="8", height=8)),
    ("{ width = 9, height = 8 }", replace(PLAIN, height=8)),
    ("{ width = 9, fit = 'inside' }", PLAIN),
    ("{ width = 9, height = 8, fit = 'cover' }", replace(PLAIN, height=8, fit=Fit.COVER)),
    (
        "{ width = 9, height = 8, fit = 'cover', gravity = 'northeast' }",
        replace(PLAIN, height=8, fit=Fit.COVER, gravity="northeast"),
    ),
    (
        "{ width = 9, height = 8, fit = 'cover', gravity = '0.3,1' }",
        replace(PLAIN, height=8, fit=Fit.COVER, gravity=(0.3, 1.0)),
    ),
    ("{ width = 9, height = 8, fit = 'contain' }", replace(PLAIN, height=8, fit=Fit.CONTAIN)),
    (
        "{ width = 9, height = 8, fit = 'contain', background = '#FFaa0080' }",
        replace(PLAIN, height=8, fit=Fit.CONTAIN, background="#ffaa0080"),
    ),
    ("{ width = 9, formats = ['webp', 'source'] }", replace(PLAIN, formats=("webp", "source"))),
    ("{ width = 9, quality = { avif = 40 } }", replace(PLAIN, quality=Quality(avif=40))),
    ("{ width = 9, effort = 'small' }", replace(PLAIN, effort=Effort.SMALL)),
    ("{ width = 9, watermark = 'logo' }", replace(PLAIN, watermark="logo")),
    ("{ width = 9, enlarge = true }", replace(PLAIN, enlarge=True)),
]
LOGO = "[[rules]]\nmatch = 'logos/**'\nskip = true\n[watermarks.logo]\nkey = 'logos/a.png'\n"


@pytest.mark.parametrize(("text", "spec"), RENDITIONS)
def test_each_key_of_a_rendition(tmp_path: Path, text: str, spec: RenditionSpec) -> None:
    """Each key of a rendition's table sets its field; the others have defaults."""
    assert settings(tmp_path, f"[defaults]\nrenditions = [{text}]\n{LOGO}").defaults.renditions == (spec,)


@pytest.mark.parametrize(
    ("text", "changed"),
    [
        ("formats = ['webp']", Rule.of_widths(formats=("webp",))),
        ("quality = { jpeg = 70 }", Rule.of_widths(quality=Quality(jpeg=70))),
        ("effort = 'fast'", replace(RULE, effort=Effort.FAST).with_widths((1000, 640, 480))),
        ("cache_control = 'no-cache'", replace(RULE, cache_control="no-cache")),
        ("cache_control = ''", RULE),
        ("manifest = true", replace(RULE, manifest=True, placeholder=True)),
        ("placeholder = true", replace(RULE, placeholder=True)),
    ],
)
@pytest.mark.parametrize("table", ["[defaults]", "[[rules]]\nmatch = 'a/*'"])
def test_each_key_of_the_defaults_and_of_a_rule(tmp_path: Path, table: str, text: str, changed: Rule) -> None:
    """Every key of the defaults has the same meaning in a rule."""
    read = settings(tmp_path, f"{table}\n{text}")
    if table == "[defaults]":
        assert (read.defaults, read.rules) == (changed, ())
    else:
        assert (read.defaults, read.rules) == (RULE, (replace(changed, match=("a/*",)),))


def test_a_byte_order_mark_is_ignored(tmp_path: Path) -> None:
    """A file that an editor on Windows saved, with a byte order mark and CRLF, is read like any other."""
    path = tmp_path / "resizer.toml"
    path.write_bytes("\ufeff[defaults]\r\nrenditions = [9]\r\n".encode())
    assert Settings.from_env({"RESIZER_CONFIG": str(path)}).defaults.renditions == (PLAIN,)


def test_a_rule_skips_and_matches(tmp_path: Path) -> None:
    """`match` is a glob or a list of globs; the first rule that matches wins, or else the defaults."""
    text = "[[rules]]\nmatch = ['a/**', 'b']\nskip = true\n[[rules]]\nmatch = '**/x'\nrenditions = [9]\n"
    read = settings(tmp_path, text)
    assert [read.rule_for(key).skip for key in ("a/x", "b", "c/x", "c")] == [True, True, False, False]
    assert read.rule_for("c/x") is read.rules[1]
    assert read.rule_for("c") is read.defaults


@pytest.mark.parametrize(
    ("text", "watermark"),
    [
        ("", Watermark(key="logos/a.png")),
        ("gravity = 'north'", Watermark(key="logos/a.png", gravity="north")),
        ("gravity = '0,0.5'", Watermark(key="logos/a.png", gravity=(0.0, 0.5))),
        ("width = 1", Watermark(key="logos/a.png", width=1)),
        ("opacity = 0.5", Watermark(key="logos/a.png", opacity=0.5)),
        ("margin = 0", Watermark(key="logos/a.png", margin=0)),
    ],
)
def test_each_key_of_a_watermark(tmp_path: Path, text: str, watermark: Watermark) -> None:
    """Each key of a watermark's table sets its field; the others have defaults."""
    assert settings(tmp_path, LOGO + text).watermarks == {"logo": watermark}


def test_renditions_inherit_from_rules_and_rules_from_defaults(tmp_path: Path) -> None:
    """A rendition's keys win over its rule's, a rule's over the defaults'; quality is merged by format."""
    read = settings(
        tmp_path,
        "[defaults]\nformats = ['webp']\nquality = { jpeg = 1, webp = 1, avif = 1 }\neffort = 'fast'\n"
        "[[rules]]\nmatch = 'a'\nquality = { jpeg = 2, webp = 2 }\n"
        "renditions = [9, { width = 8, quality = { jpeg = 3 }, formats = ['avif'], effort = 'small' }]\n",
    )
    nine, eight = read.rules[0].renditions
    assert (nine.formats, nine.quality, nine.effort) == (("webp",), Quality(2, 2, 1), Effort.FAST)
    assert (eight.formats, eight.quality, eight.effort) == (("avif",), Quality(3, 2, 1), Effort.SMALL)
    assert [spec.name for spec in read.defaults.renditions] == ["1000", "640", "480"]


def test_variables_override_the_defaults_but_no_rule(tmp_path: Path) -> None:
    """A variable replaces the same key of `[defaults]`, and nothing in a rule."""
    text = (
        "[defaults]\nrenditions = [9]\nformats = ['avif']\nquality = { jpeg = 9, webp = 9 }\ncache_control = 'a'\n"
        "[[rules]]\nmatch = 'a'\nrenditions = [8]\nformats = ['jpeg']\nquality = { jpeg = 8 }\ncache_control = 'b'\n"
        "[[rules]]\nmatch = 'b'\n"
    )
    given = {"WIDTHS": "7", "FORMATS": "png", "QUALITY": "jpeg=7", "CACHE_CONTROL": "c"}
    read = settings(tmp_path, text, **{f"RESIZER_{name}": value for name, value in given.items()})
    defaults = Rule.of_widths((7,), formats=("png",), quality=Quality(jpeg=7, webp=9), cache_control="c")
    own = Rule.of_widths((8,), formats=("jpeg",), quality=Quality(jpeg=8, webp=9), cache_control="b")
    assert read.defaults == defaults
    assert read.rules == (replace(own, match=("a",)), replace(defaults, match=("b",)))


def test_widths_of_an_event_replace_every_rules_renditions(tmp_path: Path) -> None:
    """Widths of an event replace each rule's renditions, in its formats and without a manifest; `skip` stays."""
    read = settings(
        tmp_path,
        "[defaults]\nmanifest = true\n[[rules]]\nmatch = 'a'\nskip = true\n"
        "[[rules]]\nmatch = 'b'\nformats = ['webp']\nrenditions = [{ name = 'x', height = 9 }]\nmanifest = true\n",
    )
    assert read.with_widths(None) is read
    own = read.with_widths((20, 10))
    assert own.rule_for("a").skip
    rule = own.rule_for("b")
    assert (rule.manifest, [(spec.name, spec.width, spec.formats) for spec in rule.renditions]) == (
        False,
        [("20", 20, ("webp",)), ("10", 10, ("webp",))],
    )
    assert (own.defaults.manifest, len(own.defaults.renditions)) == (False, 2)


@pytest.mark.parametrize(
    ("key", "environ", "refused"),
    [
        ("logo.png", {}, True),
        ("uploads/logo.png", {"RESIZER_SOURCE_PREFIX": "uploads/"}, True),
        ("logo.png", {"RESIZER_SOURCE_PREFIX": "uploads/"}, False),
        ("resized/logo.png", {}, False),
        ("logos/logo.png", {}, False),
    ],
)
def test_a_watermark_must_not_be_a_source(tmp_path: Path, key: str, environ: dict[str, str], refused: bool) -> None:  # noqa: FBT001 # a table's column
    """A watermark's key must be one that is not resized: outside the source prefix, or skipped by a rule."""
    text = f"[[rules]]\nmatch = 'logos/**'\nskip = true\n[watermarks.logo]\nkey = '{key}'\n"
    if not refused:
        assert settings(tmp_path, text, **environ).watermarks
        return
    with pytest.raises(
        ConfigError, match=rf"resizer\.toml: watermarks\.logo\.key: {key} would be resized itself; add a rule"
    ):
        settings(tmp_path, text, **environ)


def recipe(folder: Path, text: str, **environ: str) -> str:
    """The recipe of the first rendition for the key `a`."""
    read = settings(folder, text, **environ)
    rule = read.rule_for("a")
    return read.recipe_of(rule, rule.renditions[0])


BOX = "{ name = 'x', width = 9, height = 8, fit = 'contain' }"


@pytest.mark.parametrize(
    "other",
    [
        "{ name = 'x', width = 9, height = 7, fit = 'contain' }",
        "{ name = 'x', width = 9, height = 8, fit = 'cover' }",
        "{ name = 'x', width = 9, height = 8, fit = 'contain', gravity = 'north' }",
        "{ name = 'x', width = 9, height = 8, fit = 'contain', background = '#000000' }",
        "{ name = 'x', width = 9, height = 8, fit = 'contain', quality = { jpeg = 9 } }",
        "{ name = 'x', width = 9, height = 8, fit = 'contain', effort = 'fast' }",
        "{ name = 'x', width = 9, height = 8, fit = 'contain', enlarge = true }",
        "{ name = 'x', width = 9, height = 8, fit = 'contain', watermark = 'logo' }",
        f"{BOX}]\nplaceholder = true\nformats = ['source'",
        f"{BOX}]\ncache_control = 'no-cache'\nformats = ['source'",
    ],
)
def test_keys_for_bytes_or_headers_change_the_recipe(tmp_path: Path, other: str) -> None:
    """A change to a rendition's bytes or headers changes its recipe, so that it is replaced."""
    end = "]\n[watermarks.logo]\nkey = 'resized/logo'\n"
    start = "[defaults]\nrenditions = ["
    assert recipe(tmp_path, start + other + end) != recipe(tmp_path, start + BOX + end)


def test_a_changed_watermark_changes_the_recipe_of_its_renditions(tmp_path: Path) -> None:
    """A changed watermark changes the recipe of renditions with it, and no other."""
    texts = [
        f"[defaults]\nrenditions = [{{ width = 9{mark} }}]\n[watermarks.logo]\nkey = 'resized/logo'\nwidth = {width}\n"
        for mark in (", watermark = 'logo'", "")
        for width in (0.2, 0.3)
    ]
    marked, changed, without, same = [recipe(tmp_path, text) for text in texts]
    assert len({marked, changed, without}) == 3
    assert without == same


def test_the_recipe_does_not_depend_on_where_a_rendition_is_defined(tmp_path: Path) -> None:
    """The recipe is the same for another name, other formats, other renditions, or in a rule."""
    first = recipe(tmp_path, "[defaults]\nrenditions = [9]")
    for text in (
        "[defaults]\nrenditions = [{ name = 'x', width = 9, formats = ['webp'] }, 8]",
        "[[rules]]\nmatch = '*'\nrenditions = [9]",
        "[defaults]\nrenditions = [8]\n[[rules]]\nmatch = 'a'\nrenditions = [9]",
    ):
        assert recipe(tmp_path, text) == first
    assert recipe(tmp_path, "", RESIZER_WIDTHS="9") == first


def test_the_file_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`RESIZER_CONFIG` wins over the working directory, which wins over the code's folder; no file is fine."""
    here, code = tmp_path / "here", tmp_path / "code"
    for folder in (here, code):
        folder.mkdir()
    monkeypatch.chdir(here)
    environ = {"LAMBDA_TASK_ROOT": str(code)}
    assert Settings.from_env(environ) == Settings()
    for folder, width in ((code, 2), (here, 1)):
        (folder / "resizer.toml").write_text(f"[defaults]\nrenditions = [{width}]")
        assert Settings.from_env(environ).defaults == Rule.of_widths((width,))
    named = tmp_path / "own.toml"
    named.write_text("[defaults]\nrenditions = [3]")
    assert Settings.from_env({**environ, "RESIZER_CONFIG": str(named)}).defaults == Rule.of_widths((3,))


@pytest.mark.parametrize(
    ("content", "words"),
    [(None, "cannot be read: No such file or directory"), (b"x = '\xe9'", "must be UTF-8")],
)
def test_an_unreadable_file_is_a_mistake(tmp_path: Path, content: bytes | None, words: str) -> None:
    """If the named file is missing or not UTF-8, the error names it."""
    path = tmp_path / "own.toml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigError) as refusal:
        Settings.from_env({"RESIZER_CONFIG": str(path)})
    assert refusal.value.mistakes == (f"{path}: {words}",)


def packed(folder: Path, text: str) -> Path:
    source = folder / "source.toml"
    source.write_text(text)
    target = folder / "packed"
    target.mkdir()
    file.pack(source, target)
    return target


TEXT = "[defaults]\nquality = { jpeg = 70 }\n[[rules]]\nmatch = 'é/**'\nrenditions = [{ name = 'x', height = 9 }]\n"


def test_a_packed_file_gives_the_same_settings(tmp_path: Path) -> None:
    """A file that the build checked and packed gives the settings of the file itself."""
    folder = packed(tmp_path, TEXT)
    assert Settings.from_env({"RESIZER_CONFIG": str(folder / "resizer.toml")}) == settings(tmp_path, TEXT)


def test_a_packed_file_needs_neither_parser_nor_checker(tmp_path: Path) -> None:
    """A cold start with a packed file imports neither jsonschema nor tomllib."""
    folder = packed(tmp_path, TEXT)
    script = (
        "import sys, os\nfrom resizer.settings import Settings\nsettings = Settings.from_env(os.environ)\n"
        "settings.rule_for('x')\nslow = {'jsonschema', 'tomllib', 'difflib'} & set(sys.modules)\n"
        "print(len(settings.rules), sorted(slow))"
    )
    environ: dict[str, Any] = {"PYTHONPATH": str(PROJECT)}
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=folder, env=environ, capture_output=True, text=True, check=True
    )
    assert done.stdout == "1 []\n"


def test_a_file_changed_after_packing_is_checked(tmp_path: Path) -> None:
    """If the file changed after it was packed, it is checked again."""
    path = packed(tmp_path, TEXT) / "resizer.toml"
    path.write_text("[defaults]\nrenditions = [0]")
    with pytest.raises(ConfigError, match=r"defaults.renditions\[0\]: must be a whole number"):
        Settings.from_env({"RESIZER_CONFIG": str(path)})
    path.write_text("[defaults]\nrenditions = [9]")
    assert Settings.from_env({"RESIZER_CONFIG": str(path)}).defaults == Rule.of_widths((9,))


@pytest.mark.parametrize("damage", [b"", b"null", b"[]", b"{}", b"\xff"])
def test_a_damaged_checked_form_is_ignored(tmp_path: Path, damage: bytes) -> None:
    """If the checked form is damaged, the file itself is read."""
    path = packed(tmp_path, TEXT) / "resizer.toml"
    path.with_suffix(file.CHECKED).write_bytes(damage)
    assert Settings.from_env({"RESIZER_CONFIG": str(path)}).defaults.quality == Quality(jpeg=70)


def test_a_wrong_file_is_not_packed(tmp_path: Path) -> None:
    """Packing a wrong file raises all mistakes and writes nothing."""
    with pytest.raises(ConfigError) as refusal:
        packed(tmp_path, "x = 1\ny = 1\n")
    assert len(refusal.value.mistakes) == 2
    assert list((tmp_path / "packed").iterdir()) == []
