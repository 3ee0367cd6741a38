"""The commands follow `resizer.toml`, explain it and check it."""

import json
from pathlib import Path

import pytest
from PIL import Image

from tests.support.command_line import resizer
from tests.support.pictures import photo_like, saved

pytestmark = pytest.mark.slow

TEXT = """
[defaults]
formats = ["source", "webp"]

[[rules]]
match = ["avatars/**", "users/*/photo.*"]
renditions = [
  { name = "64", width = 64, height = 64, fit = "cover" },
  { name = "tall", height = 900, formats = ["avif"] },
]

[[rules]]
match = "raw/**"
skip = true
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a settings file in it."""
    (tmp_path / "resizer.toml").write_text(TEXT)
    return tmp_path


def lines(text: str) -> list[list[str]]:
    return [line.split() for line in text.splitlines()]


def test_explain_lists_the_rule_and_its_renditions(folder: Path) -> None:
    """`explain` prints the rule that matches, and each rendition's key, box and format."""
    done = resizer("explain", "users/7/photo.jpg", cwd=folder)
    assert (done.returncode, done.stderr) == (0, "")
    first, _, *rows = lines(done.stdout)
    assert first == ["users/7/photo.jpg:", "rules[0],", "for", "avatars/**,", "users/*/photo.*"]
    assert rows == [
        ["resized/64-users/7/photo.jpg", "cover", "64", "x", "64", "as", "the", "source"],
        ["resized/64-users/7/photo.jpg.webp", "cover", "64", "x", "64", "WEBP"],
        ["resized/tall-users/7/photo.jpg.avif", "900", "high", "AVIF"],
    ]


def test_a_key_without_a_rule_gets_the_defaults(folder: Path) -> None:
    """If no rule matches, `explain` lists what the defaults and the environment produce."""
    done = resizer("explain", "cat.jpg", cwd=folder, RESIZER_WIDTHS="50", RESIZER_BUCKETS="photos")
    assert lines(done.stdout)[0] == ["cat.jpg:", "the", "defaults"]
    assert lines(done.stdout)[2:] == [
        ["resized/50-cat.jpg", "50", "wide", "as", "the", "source"],
        ["resized/50-cat.jpg.webp", "50", "wide", "WEBP"],
    ]


def test_explaining_an_image_gives_its_real_sizes_and_formats(folder: Path) -> None:
    """With `--image`, `explain` prints the sizes and formats that this image would get."""
    (folder / "scan.bmp").write_bytes(saved(photo_like(90, 60), "BMP"))
    done = resizer("explain", "scan.bmp", "--image", "scan.bmp", cwd=folder, RESIZER_WIDTHS="50,100")
    assert lines(done.stdout)[2:] == [
        ["resized/50-scan.bmp", "50", "x", "33", "JPEG"],
        ["resized/50-scan.bmp.webp", "50", "x", "33", "WEBP"],
        ["resized/100-scan.bmp", "90", "x", "60", "JPEG"],
        ["resized/100-scan.bmp.webp", "90", "x", "60", "WEBP"],
    ]


def test_explaining_an_image_gives_the_size_of_its_crop(folder: Path) -> None:
    """A box has the size of its crop, or less if the image is smaller, in every format."""
    (folder / "photo.jpg").write_bytes(saved(photo_like(1200, 800), "JPEG"))
    done = resizer("explain", "avatars/7", "--image", "photo.jpg", cwd=folder)
    assert sorted(lines(done.stdout)[2:]) == [
        ["resized/64-avatars/7", "64", "x", "64", "JPEG"],
        ["resized/64-avatars/7.webp", "64", "x", "64", "WEBP"],
        ["resized/tall-avatars/7.avif", "1200", "x", "800", "AVIF"],
    ]


@pytest.mark.parametrize("image", [(), ("--image", "cat.jpg")])
def test_explain_lists_the_manifest(folder: Path, image: tuple[str, ...]) -> None:
    """If a source gets a manifest, its key follows the renditions."""
    (folder / "resizer.toml").write_text("[defaults]\nmanifest = true\nrenditions = [50]\n")
    (folder / "cat.jpg").write_bytes(saved(photo_like(90, 60)))
    done = resizer("explain", "cat.jpg", *image, cwd=folder)
    assert lines(done.stdout)[-1] == ["resized/manifest-cat.jpg.json", "JSON"]


@pytest.mark.parametrize("image", [(), ("--image", "cat.jpg")])
def test_renditions_are_explained_from_narrow_to_wide(tmp_path: Path, image: tuple[str, ...]) -> None:
    """`explain` sorts renditions by width, whatever their order in the settings."""
    (tmp_path / "cat.jpg").write_bytes(saved(photo_like(90, 60)))
    done = resizer("explain", "cat.jpg", *image, cwd=tmp_path, RESIZER_WIDTHS="20,9,80")
    keys = [f"resized/{width}-cat.jpg" for width in (9, 20, 80)]
    assert [line[0] for line in lines(done.stdout)[2:]] == keys


def test_an_empty_key_is_an_error(folder: Path) -> None:
    """An empty key is one line that shows a right one; exit 2."""
    done = resizer("explain", "", cwd=folder)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "resizer: The key is empty; give one such as photos/cat.jpg.\n"


@pytest.mark.parametrize(("url", "key"), [("s3://photos/raw/x.jpg", "raw/x.jpg"), ("s3://photos", "photos/cat.jpg")])
def test_a_url_is_not_a_key(folder: Path, url: str, key: str) -> None:
    """An `s3://` URL is one line that asks for the key without the bucket; exit 2."""
    done = resizer("explain", url, cwd=folder)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"resizer: {url} is a URL; give the key without the bucket, such as {key}.\n"


@pytest.mark.parametrize(
    ("key", "rule", "reason"),
    [("raw/cat.jpg", "rules[1], for raw/**", "excluded"), ("resized/cat.jpg", "the defaults", "output_prefix")],
)
def test_explain_says_why_a_key_is_skipped(folder: Path, key: str, rule: str, reason: str) -> None:
    """For a skipped key, `explain` prints the reason."""
    done = resizer("explain", key, cwd=folder)
    assert done.stdout == f"{key}: {rule}\nskipped  {reason}\n"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--config", "none.toml"], "none.toml: cannot be read: No such file or directory"),
        (["--image", "none.jpg"], "none.jpg: No such file or directory."),
    ],
)
def test_a_missing_file_is_one_line(folder: Path, arguments: list[str], words: str) -> None:
    """A missing settings file or image is named, without a traceback; exit 2."""
    done = resizer("explain", "cat.jpg", *arguments, cwd=folder)
    assert (done.returncode, done.stdout) == (2, "")
    assert (words in done.stderr, "Traceback" in done.stderr) == (True, False)


def test_a_missing_settings_file_is_named_once(folder: Path) -> None:
    """`config check none.toml` says once that there is no such file; exit 2."""
    done = resizer("config", "check", "none.toml", cwd=folder)
    expected = "resizer: The settings are wrong:\n  none.toml: cannot be read: No such file or directory\n"
    assert (done.returncode, done.stderr) == (2, expected)


def test_config_check_lists_every_mistake(folder: Path) -> None:
    """A correct file is one line and exit 0; a wrong one lists all mistakes and exits with 2."""
    done = resizer("config", "check", cwd=folder)
    assert (done.returncode, done.stdout) == (0, "resizer.toml: 2 rules, 0 watermarks, no mistake\n")
    (folder / "shop.toml").write_text("[[rules]]\nskip = 1\n[defaults]\neffort = 'x'\n")
    done = resizer("config", "check", "shop.toml", cwd=folder, RESIZER_WIDTH="9")
    assert done.returncode == 2
    assert done.stderr.splitlines() == [
        "resizer: The settings are wrong:",
        "  RESIZER_WIDTH: there is no such setting; did you mean RESIZER_WIDTHS?",
        "  shop.toml: defaults.effort: must be one of fast, balanced, small",
        "  shop.toml: rules[0].match: is missing",
        "  shop.toml: rules[0].skip: must be true or false",
    ]


def test_without_a_file_config_check_checks_the_variables(tmp_path: Path) -> None:
    """Correct variables are one line and exit 0; wrong ones are all listed, with exit 2."""
    done = resizer("config", "check", cwd=tmp_path, RESIZER_QUALITY="jpeg=80")
    expected = "No resizer.toml here; the RESIZER_* variables have no mistake\n"
    assert (done.returncode, done.stdout, done.stderr) == (0, expected, "")
    done = resizer("config", "check", cwd=tmp_path, RESIZER_QUALITY="80", RESIZER_WIDTH="9")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.splitlines() == [
        "resizer: The settings are wrong:",
        "  RESIZER_WIDTH: there is no such setting; did you mean RESIZER_WIDTHS?",
        "  RESIZER_QUALITY='80': must be pairs such as jpeg=80,webp=78,avif=55, from 1 to 100; '80' is wrong",
    ]


def test_config_schema_prints_json(folder: Path) -> None:
    """`resizer config schema` prints JSON and nothing else."""
    assert json.loads(resizer("config", "schema", cwd=folder).stdout)["title"] == "resizer.toml"


def test_files_follow_the_rules(folder: Path) -> None:
    """`resizer files` follows the rules and skips what they exclude; `--widths` wins over every rule."""
    for name in ("photos", "raw"):
        (folder / name).mkdir()
        (folder / name / "cat.jpg").write_bytes(saved(photo_like(90, 60), "JPEG"))
    (folder / "resizer.toml").write_text("[defaults]\nrenditions = [20]\n[[rules]]\nmatch = 'raw/**'\nskip = true\n")
    done = resizer("files", "photos", "raw", "--out", "out", cwd=folder)
    assert (done.returncode, done.stderr) == (0, "")
    assert "\nskipped   raw/cat.jpg  excluded  " in f"\n{done.stdout}"
    assert "1 image resized, 1 excluded, " in done.stdout
    written = sorted(path.relative_to(folder / "out/resized").as_posix() for path in (folder / "out").rglob("*.jpg"))
    assert written == ["20-photos/cat.jpg"]
    named = resizer("files", "raw/cat.jpg", "--out", "named", cwd=folder)  # its key is its name
    assert "1 image resized, " in named.stdout
    assert (folder / "named/resized/20-cat.jpg").exists()
    resizer("files", "photos", "raw", "--out", "own", "--widths", "30", cwd=folder)
    written = sorted(path.relative_to(folder / "own/resized").as_posix() for path in (folder / "own").rglob("*.jpg"))
    assert written == ["30-photos/cat.jpg"]


def test_a_contact_sheet_shows_excluded_images_and_rendition_names(folder: Path) -> None:
    """An excluded image is not shown as refused; a rendition's name is shown unless it is the width."""
    text = "[defaults]\nrenditions = [20, {name = 'card', width = 30, height = 20, fit = 'cover'}]\n"
    (folder / "resizer.toml").write_text(f"{text}[[rules]]\nmatch = 'raw.jpg'\nskip = true\n")
    for name in ("cat.jpg", "raw.jpg"):
        (folder / name).write_bytes(saved(photo_like(90, 60)))
    (folder / "note.jpg").write_text("no picture")
    resizer("files", "cat.jpg", "raw.jpg", "note.jpg", "--sheet", "look.html", cwd=folder)
    page = (folder / "look.html").read_text()
    assert "3 images, 1 excluded, 1 refused." in page
    assert "<p>A rule of resizer.toml excludes it.</p>" in page
    assert page.count('<p class="refused">not_an_image: ') == 1
    assert "<figcaption>JPEG 20 x 13, " in page
    assert "<figcaption>card, JPEG 30 x 20, " in page


MARKED = """
[defaults]
renditions = [{ width = 100, watermark = "logo" }]
[watermarks.logo]
key = "brand/logo.png"
width = 1
margin = 0
[[rules]]
match = "brand/**"
skip = true
"""


@pytest.mark.parametrize(("command", "option"), [("files", "--out"), ("demo", "--save")])
def test_a_watermark_is_read_from_the_working_directory(folder: Path, command: str, option: str) -> None:
    """`files` and `demo` read the watermark by its key and apply it; if it is missing, they name it."""
    (folder / "resizer.toml").write_text(MARKED)
    (folder / "black.png").write_bytes(saved(Image.new("RGB", (100, 100)), "PNG"))
    if command == "files":
        missing = resizer(command, "black.png", option, "none", cwd=folder)
        assert missing.returncode != 0
        assert "brand/logo.png: No such file" in missing.stderr
        assert "Traceback" not in missing.stderr
    (folder / "brand").mkdir()
    (folder / "brand" / "logo.png").write_bytes(saved(Image.new("RGB", (10, 5), "white"), "PNG"))
    done = resizer(command, "black.png", option, "out", cwd=folder, COLUMNS="120")
    assert (done.returncode, done.stderr) == (0, "")
    rendition = Image.open(folder / "out/resized/100-black.png").convert("RGB")
    assert (rendition.getpixel((50, 10)), rendition.getpixel((50, 90))) == ((0, 0, 0), (255, 255, 255))


def test_the_demo_accepts_images_that_a_rule_excludes(folder: Path) -> None:
    """An image that a rule excludes is no failure of `demo`; renditions and manifests are counted."""
    text = "[defaults]\nrenditions = [9, 8]\nmanifest = true\n[[rules]]\nmatch = '*.png'\nskip = true\n"
    (folder / "resizer.toml").write_text(text)
    names = ["a.jpg", "b.jpg", "c.png"]
    for name in names:
        (folder / name).write_bytes(saved(photo_like(90, 60)))
    done = resizer("demo", *names, "--save", "out", cwd=folder)
    assert (done.returncode, done.stderr) == (0, "")
    assert "4 renditions and 2 manifests, saved below out/. Their own 6 events were skipped: " in done.stdout


@pytest.mark.parametrize("command", [("explain", "cat.jpg"), ("files", "cat.jpg", "--out", "out")])
def test_the_bucket_of_local_images_may_have_an_old_name(folder: Path, command: tuple[str, ...]) -> None:
    """Commands that create no bucket accept `RESIZER_BUCKETS` with a name that S3 allowed until 2018."""
    (folder / "cat.jpg").write_bytes(saved(photo_like(90, 60)))
    done = resizer(*command, cwd=folder, RESIZER_BUCKETS="My_Photos")
    assert (done.returncode, done.stderr) == (0, "")


def test_the_bill_follows_the_output_bucket(folder: Path) -> None:
    """With `RESIZER_OUTPUT_BUCKET` renditions send no events, as with `--own-output-bucket`."""
    command = ("cost", "--images", "1e6", "--memory", "512", "--ms", "100")
    own = resizer(*command, "--own-output-bucket", cwd=folder)
    set_ = resizer(*command, cwd=folder, RESIZER_OUTPUT_BUCKET="thumbs", RESIZER_BUCKETS="photos")
    assert set_.stdout == own.stdout != resizer(*command, cwd=folder).stdout


def test_the_bill_counts_what_the_settings_file_writes(folder: Path) -> None:
    """`resizer cost` counts a PUT for each rendition of the defaults, and the manifest."""
    text = "[defaults]\nrenditions = [9, 8]\nformats = ['source', 'webp']\nmanifest = true\n"
    (folder / "resizer.toml").write_text(text)
    command = ("cost", "--images", "1e6", "--memory", "512", "--ms", "100")
    assert resizer(*command, cwd=folder).stdout == resizer(*command, "--renditions", "5", cwd=folder).stdout
