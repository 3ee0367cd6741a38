"""`resizer files` and `resizer demo`, run as commands."""

import json
import re
import signal
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest
from PIL import Image

from resizer.cli.lines import size
from tests.support.command_line import resizer
from tests.support.pictures import photo_like, saved

pytestmark = pytest.mark.slow


@pytest.fixture
def cat(tmp_path: Path) -> Path:
    """A photo in an empty folder."""
    path = tmp_path / "cat.jpg"
    path.write_bytes(saved(photo_like(1200, 800)))
    return path


def test_files_are_written_under_the_same_keys_as_in_s3(cat: Path) -> None:
    """Renditions are written to OUT/resized/, and each image's line lists their sizes."""
    done = resizer("files", cat, "--out", "out", cwd=cat.parent)
    assert (done.returncode, done.stderr) == (0, "")
    assert "480x320 640x427 1000x667" in done.stdout
    sizes = {path.name: Image.open(path).size for path in (cat.parent / "out" / "resized").iterdir()}
    assert sizes == {"480-cat.jpg": (480, 320), "640-cat.jpg": (640, 427), "1000-cat.jpg": (1000, 667)}


def test_a_folder_means_the_images_in_it(cat: Path) -> None:
    """Images in folders keep their paths as keys; other files and renditions of an earlier run are ignored."""
    photos = cat.parent / "photos"
    for name in ("a", "b"):
        (photos / name).mkdir(parents=True)
        (photos / name / "cat").write_bytes(cat.read_bytes())
    (photos / "note.txt").write_text("no picture")
    (photos / "damaged.jpg").write_text("no picture either")
    (photos / "a" / "round").symlink_to(photos)
    for _ in range(2):
        done = resizer("files", "photos", "--out", "photos", "--widths", "50", cwd=cat.parent)
        assert done.returncode == 1
        *lines, last = done.stdout.splitlines()
        assert [line.split("  ")[1].strip() for line in lines] == ["photos/a/cat", "photos/b/cat"]
        assert last.startswith("2 images resized, 1 refused, ")
        assert done.stderr.startswith("refused   photos/damaged.jpg  not_an_image: ")
    written = {str(path.relative_to(photos / "resized")) for path in photos.rglob("50-*/*/*")}
    assert written == {"50-photos/a/cat", "50-photos/b/cat"}


def test_hidden_and_excluded_files_are_ignored(cat: Path) -> None:
    """A folder's dot files, dot folders, earlier renditions and `--exclude` matches are ignored."""
    for name in (".venv/lib/logo.jpg", ".hidden.jpg", "build/chart.jpg", "out/resized/480-old.jpg", "album/tiny.png"):
        (cat.parent / name).parent.mkdir(parents=True, exist_ok=True)
        (cat.parent / name).write_bytes(cat.read_bytes())
    done = resizer("files", ".", "--out", "new", "--exclude", "build", "--exclude", "album/*.png", cwd=cat.parent)
    assert [line.split("  ")[1].strip() for line in done.stdout.splitlines()[:-1]] == ["cat.jpg"]
    named = resizer("files", ".venv", "build", "--out", "new", cwd=cat.parent)  # naming them includes them
    assert named.stdout.splitlines()[-1].startswith("2 images resized")


def test_sizes_are_shown_upright_and_bytes_are_summed(cat: Path) -> None:
    """A rotated photo's size is the one people see; each line, and the last, has a count and bytes."""
    turned = Image.Exif()
    turned[0x0112] = 6
    Image.open(cat).save(cat, exif=turned.tobytes())
    done = resizer("files", "cat.jpg", "--out", "out", cwd=cat.parent)
    line, last = done.stdout.splitlines()
    assert "JPEG 800x1200  → 480x720 640x960 800x1200  " in line
    written = sum(path.stat().st_size for path in (cat.parent / "out" / "resized").iterdir())
    summary = f"{size(cat.stat().st_size)} read, 3 renditions {size(written)}"
    assert summary in line
    assert last == f"1 image resized, {summary}, below out/."


@pytest.mark.parametrize(
    ("number", "text"),
    [(0, "0 bytes"), (999, "999 bytes"), (5_849, "5.8 kB"), (245_700, "246 kB"), (1_234_567, "1.2 MB")],
)
def test_bytes_are_rounded_to_two_or_three_digits(number: int, text: str) -> None:
    """`246 kB` and `5.8 kB`, not `245.7 kB`."""
    assert size(number) == text


def test_a_folder_without_images_is_an_error(tmp_path: Path) -> None:
    """If the folders have no images, one line says so; exit 2."""
    (tmp_path / "empty").mkdir()
    done = resizer("files", "empty", "--out", "out", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (2, "resizer: There are no images in these folders.\n")


@pytest.mark.parametrize(
    "arguments",
    [
        ("demo", "cat.jpg", "--save", "/proc/x"),
        ("demo", "cat.jpg", "--save", "cat.jpg"),
        ("files", "cat.jpg", "--out", "/proc/x"),
        ("files", "cat.jpg", "--sheet", "/proc/x.html"),
        ("files", "cat.jpg", "--sheet", "."),
        ("files", "cat.jpg", "--sheet", "new/deep/x.html"),
    ],
)
def test_an_unwritable_target_is_found_before_any_work(cat: Path, arguments: tuple[str, ...]) -> None:
    """One line names the folder or page that cannot be written, before any work; exit 2.

    For a page, only its own folder is created, never that folder's parents.
    """
    done = resizer(*arguments, cwd=cat.parent)
    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (2, "", 1)
    assert f" {arguments[-1]} " in done.stderr.replace(":", " ")
    assert list(cat.parent.iterdir()) == [cat]


def test_a_page_never_replaces_an_image(cat: Path) -> None:
    """`--sheet *.jpg`, with the page's name forgotten, is an error and the image stays as it was; exit 2."""
    before = cat.read_bytes()
    done = resizer("files", "--sheet", "cat.jpg", "cat.jpg", cwd=cat.parent)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "resizer: --sheet cat.jpg: the page's name must end in .html, such as look.html.\n"
    assert cat.read_bytes() == before
    assert list(cat.parent.iterdir()) == [cat]


def test_every_format_is_named(cat: Path) -> None:
    """If renditions have several formats, the line lists the formats, and each size once."""
    done = resizer("files", cat, "--out", "out", cwd=cat.parent, RESIZER_FORMATS="source,webp")
    assert "→ 480x320 640x427 1000x667 as JPEG, WEBP  " in done.stdout
    assert ", 6 renditions " in done.stdout


def test_the_line_names_the_format_if_the_extension_says_another(cat: Path) -> None:
    """A BMP's renditions keep its name, so the line says that they are JPEGs; likewise for a misnamed JPEG."""
    cat.with_name("scan.bmp").write_bytes(saved(photo_like(90, 60), "BMP"))
    cat.with_name("x.png").write_bytes(saved(photo_like(90, 60), "JPEG"))
    done = resizer("files", "scan.bmp", "x.png", "cat.jpg", "--out", "out", "--widths", "50", cwd=cat.parent)
    assert [line.partition("→ ")[2].split("  ")[0] for line in done.stdout.splitlines()[:3]] == [
        "50x33 as JPEG",
        "50x33 as JPEG",
        "50x33",
    ]
    assert Image.open(cat.parent / "out" / "resized" / "50-scan.bmp").format == "JPEG"


def test_two_sources_never_share_an_output(cat: Path) -> None:
    """A second source with the same output keys is refused, and the first one's renditions stay."""
    scan, twin = cat.with_name("scan.bmp"), cat.with_name("scan.bmp.jpg")
    scan.write_bytes(saved(photo_like(90, 60), "BMP"))
    twin.write_bytes(saved(photo_like(60, 90), "JPEG"))
    formats = {"RESIZER_FORMATS": "source,jpeg"}
    done = resizer("files", scan, twin, "--out", "out", cwd=cat.parent, **formats)
    assert done.returncode == 1
    assert "key_taken" in done.stdout + done.stderr
    assert Image.open(cat.parent / "out" / "resized" / "480-scan.bmp.jpg").size == (90, 60)
    assert len(list((cat.parent / "out" / "resized").iterdir())) == 6
    again = resizer("files", twin, "--out", "out", cwd=cat.parent, **formats)
    assert again.returncode == 0  # another run may replace them


def test_widths_can_be_chosen(cat: Path) -> None:
    """`--widths` replaces RESIZER_WIDTHS, even a wrong one; a wrong `--widths` is named."""
    resizer("files", cat, "--out", "out", "--widths", "50,70", cwd=cat.parent, RESIZER_WIDTHS="wide")
    assert {path.name for path in (cat.parent / "out" / "resized").iterdir()} == {"50-cat.jpg", "70-cat.jpg"}
    done = resizer("files", cat, "--out", "out", "--widths", "abc", cwd=cat.parent)
    assert (done.returncode, done.stderr.startswith("resizer: --widths 'abc': must be 1 to 20 widths")) == (2, True)


def test_a_refused_file_is_reported_and_the_rest_is_done(cat: Path) -> None:
    """A text, a missing file and a duplicate name are refused, one line each; the others are done; exit 1."""
    text = cat.with_name("note.txt")
    text.write_text("no picture")
    twin = cat.parent / "twin" / "cat.jpg"
    twin.parent.mkdir()
    twin.write_bytes(cat.read_bytes())
    last = cat.with_name("last.png")
    last.write_bytes(saved(photo_like(50, 40), "PNG"))
    done = resizer("files", text, "missing.jpg", cat, twin, last, "--out", "out", cwd=cat.parent)
    assert done.returncode == 1
    refusals = [line.split("  ")[1].strip() for line in done.stderr.splitlines()]
    assert refusals == [str(text), "missing.jpg", str(twin)]
    assert [line.split("  ")[1].strip() for line in done.stdout.splitlines()[:-1]] == [str(cat), str(last)]
    assert "not_an_image" in done.stderr
    assert "refused   missing.jpg  No such file or directory.\n" in done.stderr
    assert "Traceback" not in done.stderr
    assert len(list((cat.parent / "out" / "resized").iterdir())) == 6


def test_wrong_settings_are_one_readable_list(cat: Path) -> None:
    """All wrong and unknown settings are named together, without a traceback; exit 2."""
    wrong = {"RESIZER_WIDTHS": "wide", "RESIZER_MAX_BYTES": "-1", "RESIZER_FORMAT": "webp"}
    for command in (("files", cat, "--out", "out"), ("demo", cat), ("up",)):
        done = resizer(*command, cwd=cat.parent, **wrong)
        assert done.returncode == 2
        assert all(name in done.stderr for name in wrong)
        assert "RESIZER_FORMAT: there is no such setting; did you mean RESIZER_FORMATS?" in done.stderr
        assert "Traceback" not in done.stderr


def test_the_demo_shows_renditions_and_ends(cat: Path) -> None:
    """`resizer demo PHOTO` uploads, waits, prints the renditions as a table and saves them; exit 0."""
    done = resizer("demo", cat, "--save", "saved", cwd=cat.parent, COLUMNS="120")
    assert (done.returncode, done.stderr) == (0, "")
    assert "3 renditions" in done.stdout
    assert "3 events were skipped" in done.stdout
    assert "other file" not in done.stdout
    assert Image.open(cat.parent / "saved" / "resized" / "640-cat.jpg").size == (640, 427)
    fewer = {"RESIZER_WIDTHS": "50", "RESIZER_FORMATS": "webp"}
    again = resizer("demo", cat, "--save", "saved", cwd=cat.parent, **fewer)
    assert "→ 50x33 as WEBP  " in again.stdout
    assert "1 rendition, saved below saved/. Their own 1 event was skipped" in again.stdout
    assert "3 other files were already there." in again.stdout


@pytest.mark.parametrize("elsewhere", [{}, {"RESIZER_BUCKETS": "shop", "RESIZER_OUTPUT_BUCKET": "thumbs"}])
def test_the_demo_waits_for_manifests_and_saves_them(cat: Path, elsewhere: dict[str, str]) -> None:
    """A manifest's event is expected like those of renditions, and the manifest is saved beside them."""
    text = '[defaults]\nrenditions = [480]\nformats = ["source", "webp"]\nmanifest = true\n'
    (cat.parent / "resizer.toml").write_text(text)
    for _ in range(2):
        done = resizer("demo", cat, "--save", "saved", cwd=cat.parent, COLUMNS="120", **elsewhere)
        assert (done.returncode, done.stderr) == (0, "")
        events = "Their bucket sends no events" if elsewhere else "Their own 3 events were skipped"
        assert f"2 renditions and 1 manifest, saved below saved/. {events}: no recursion." in done.stdout
        assert "already there" not in done.stdout
    manifest = json.loads((cat.parent / "saved/resized/manifest-cat.jpg.json").read_text())
    assert [each["key"] for each in manifest["renditions"]] == ["resized/480-cat.jpg", "resized/480-cat.jpg.webp"]


ELSEWHERE = {"RESIZER_BUCKETS": "shop", "RESIZER_OUTPUT_BUCKET": "thumbs", "RESIZER_OUTPUT_PREFIX": ""}


def test_the_demo_uses_the_buckets_of_the_settings(cat: Path) -> None:
    """The demo uploads where the settings expect sources; renditions in an output bucket send no events."""
    where = {"RESIZER_SOURCE_PREFIX": "uploads/", "RESIZER_KEY_TEMPLATE": "{prefix}{bucket}/{name}-{key}"}
    several = ELSEWHERE | {"RESIZER_BUCKETS": "my-shop,another", "COLUMNS": "120"}
    done = resizer("demo", cat, "--save", "saved", cwd=cat.parent, **where, **several)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("resized   uploads/cat.jpg")
    assert "3 renditions, saved below saved/. Their bucket sends no events: no recursion." in done.stdout
    assert "skipped" not in done.stdout
    assert (cat.parent / "saved/another/640-uploads/cat.jpg").exists()


def test_files_are_written_under_the_keys_of_the_output_bucket(cat: Path) -> None:
    """The key template applies without a prefix; a source named like a rendition is still resized."""
    cat.with_name("640-cat.jpg").write_bytes(cat.read_bytes())
    template = {"RESIZER_KEY_TEMPLATE": "{prefix}{bucket}/{name}-{key}"}
    done = resizer(
        "files", "cat.jpg", "640-cat.jpg", "--out", "out", "--widths", "640", cwd=cat.parent, **ELSEWHERE, **template
    )
    assert (done.returncode, done.stderr) == (0, "")
    written = {str(path.relative_to(cat.parent / "out")) for path in (cat.parent / "out").rglob("*.jpg")}
    assert written == {"shop/640-cat.jpg", "shop/640-640-cat.jpg"}
    explained = resizer("explain", "cat.jpg", cwd=cat.parent, **ELSEWHERE, **template).stdout
    assert "written to the bucket thumbs" in explained
    assert "shop/480-cat.jpg" in explained


@pytest.mark.parametrize(
    "arguments", [("up",), ("demo",), ("files", "cat.jpg", "--out", "out"), ("explain", "cat.jpg")]
)
def test_images_are_never_uploaded_to_the_output_bucket(cat: Path, arguments: tuple[str, ...]) -> None:
    """If the output bucket is `photos`, the default for uploads, one line says so; exit 2."""
    elsewhere = {"RESIZER_OUTPUT_BUCKET": "photos", "RESIZER_KEY_TEMPLATE": "{prefix}{bucket}/{name}-{key}"}
    done = resizer(*arguments, cwd=cat.parent, **elsewhere)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "resizer: photos is RESIZER_OUTPUT_BUCKET, where nothing is resized; upload to another bucket.\n"
    )


@pytest.mark.parametrize(("images", "out"), [("cat.jpg", "."), (".", "."), ("sub/cat.jpg", ".")])
def test_without_a_prefix_no_rendition_replaces_an_image(cat: Path, images: str, out: str) -> None:
    """Renditions are not written into a folder with sources, because they could have the same names."""
    (cat.parent / "sub").mkdir()
    (cat.parent / "sub" / "cat.jpg").write_bytes(cat.read_bytes())
    done = resizer("files", images, "--out", out, cwd=cat.parent, **ELSEWHERE)
    assert (done.returncode, done.stdout) == (2, "")
    assert "a rendition could replace an image in ." in done.stderr


def test_the_demo_rejects_a_text_in_one_line(tmp_path: Path) -> None:
    """A file that is not an image is one line, without an empty table; exit 1."""
    text = tmp_path / "note.txt"
    text.write_text("no picture")
    done = resizer("demo", text, "--save", "saved", cwd=tmp_path)
    assert (done.returncode, done.stderr, len(done.stdout.splitlines())) == (1, "", 1)
    assert done.stdout.startswith("rejected  note.txt  not_an_image")


@pytest.mark.parametrize(
    ("photos", "message"),
    [
        (["none.jpg"], "none.jpg: No such file or directory."),
        (["cat.jpg", "./cat.jpg"], "Two photos have the same name; run the command once for each."),
    ],
)
def test_the_demo_refuses_photos_that_it_cannot_upload(cat: Path, photos: list[str], message: str) -> None:
    """A photo that cannot be read, or two of one name, is one line before any work; exit 2."""
    done = resizer("demo", *photos, "--save", "saved", cwd=cat.parent)
    assert (done.returncode, done.stdout, done.stderr) == (2, "", f"resizer: {message}\n")
    assert not (cat.parent / "saved").exists()


def test_a_file_whose_key_is_an_output_is_refused(cat: Path) -> None:
    """A file whose key begins with the output prefix is refused, because the service would skip it."""
    done = resizer("files", "cat.jpg", "--out", "out", cwd=cat.parent, RESIZER_OUTPUT_PREFIX="ca")
    assert done.returncode == 1
    assert "Its key cat.jpg begins with ca, like a rendition; give it another name." in done.stderr


def test_the_demo_has_samples_of_its_own(tmp_path: Path) -> None:
    """Without a photo the demo draws its own, one of them rotated by EXIF."""
    done = resizer("demo", "--save", "saved", cwd=tmp_path, COLUMNS="120")
    assert done.returncode == 0
    assert Image.open(tmp_path / "saved/resized/480-taken on its side.jpg").size == (480, 320)
    assert Image.open(tmp_path / "saved/resized/480-badge.png").has_transparency_data


def test_a_contact_sheet_shows_originals_renditions_and_refusals(cat: Path) -> None:
    """`--sheet` writes a page with each original, its renditions, or the reason for a refusal."""
    text = cat.with_name("<note>.txt")
    text.write_text("no picture")
    done = resizer("files", cat, text, "--sheet", "look.html", cwd=cat.parent)
    page = (cat.parent / "look.html").read_text()
    assert done.returncode == 1
    assert [f'src="{name}"' in page for name in ("cat.jpg", "look-renditions/resized/480-cat.jpg")] == [True, True]
    assert "&lt;note&gt;.txt" in page
    assert "not_an_image" in page
    assert (cat.parent / "look-renditions/resized/480-cat.jpg").exists()


def test_out_or_sheet_is_required(cat: Path) -> None:
    """Without `--out` or `--sheet` one line says what is missing; exit 2."""
    done = resizer("files", cat, cwd=cat.parent)
    assert (done.returncode, "--out" in done.stderr, "Traceback" in done.stderr) == (2, True, False)


def test_help_lists_every_command(tmp_path: Path) -> None:
    """`--help` and `-h` list the commands; `--version` prints the version."""
    done = resizer("--help", cwd=tmp_path)
    assert done.returncode == 0
    assert all(command in done.stdout for command in ("files", "up", "demo"))
    assert resizer("-h", cwd=tmp_path).stdout == done.stdout
    assert resizer("--version", cwd=tmp_path).stdout == f"resizer {version('resizer-s3-lambda')}\n"


@pytest.mark.parametrize("command", ["files", "up", "demo", "explain", "cost", "connect", "config check"])
def test_help_names_options_in_full(tmp_path: Path, command: str) -> None:
    """On a terminal of 80 columns no option's name is cut."""
    done = resizer(*command.split(), "--help", cwd=tmp_path, COLUMNS="80")
    assert done.returncode == 0
    assert not re.findall(r"--[a-z-]*…", done.stdout)


def test_commands_without_a_service_do_not_import_one(cat: Path) -> None:
    """`--help` and `files` import neither moto nor boto3, which take most of a second."""
    watched = "import sys; sys.argv = {arguments}; sys.addaudithook({hook}); import resizer.__main__ as m; m.main()"
    hook = "lambda name, what: name == 'import' and what[0] in ('moto', 'boto3') and sys.exit('loaded ' + what[0])"
    for arguments in (["resizer", "--help"], ["resizer", "files", str(cat), "--sheet", "look.html"]):
        command = [sys.executable, "-c", watched.format(arguments=arguments, hook=hook)]
        done = subprocess.run(command, check=False, cwd=cat.parent, capture_output=True, text=True, timeout=60)
        assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("module", "arguments"),
    [
        ("typer", ["--help"]),
        ("resizer.cli.commands", ["demo"]),
        ("resizer.pipeline", ["files", "cat.jpg", "--out", "out"]),
        ("moto", ["up", "--port", "0"]),
        ("moto", ["demo"]),
    ],
)
@pytest.mark.usefixtures("interruptible")
def test_control_c_during_imports_is_quiet(cat: Path, module: str, arguments: list[str]) -> None:
    """Ctrl-C during imports ends every command without a traceback, with the exit code shells expect."""
    watched = (
        "import os, sys, signal\n"
        f"sys.argv = {['resizer', *arguments]}\n"
        f"sys.addaudithook(lambda name, what: name == 'import' and what[0] == '{module}' and signal.raise_signal(2))\n"
        "from resizer.__main__ import main\n"
        "main()\n"
    )
    command = [sys.executable, "-c", watched]
    done = subprocess.run(command, check=False, cwd=cat.parent, capture_output=True, text=True, timeout=60)
    assert done.returncode in {-signal.SIGINT, 128 + signal.SIGINT}
    assert (done.stdout, done.stderr) == ("", "")


@pytest.mark.usefixtures("interruptible")
def test_control_c_reports_the_finished_files(cat: Path) -> None:
    """Ctrl-C in the middle of many files prints how many are done, and the page shows them; exit 130."""
    others = [cat.with_name(f"{number}.jpg") for number in range(200)]
    for other in others:
        other.symlink_to(cat)
    command = [sys.executable, "-u", "-m", "resizer", "files", *map(str, [cat, *others]), "--sheet", "look.html"]
    process = subprocess.Popen(command, cwd=cat.parent, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout
    process.stdout.readline()
    process.send_signal(signal.SIGINT)
    printed, errors = process.communicate(timeout=60)
    stopped = re.fullmatch(r"Stopped: (\d+) of 201 files done.\n", errors)
    assert stopped
    assert process.returncode == 130
    done = int(stopped[1])
    assert 0 < done < 201
    *_, page, last = printed.splitlines()
    assert page == f"look.html: {done} image{'s' * (done > 1)} to look at"
    assert last.startswith(f"{done} image{'s' * (done > 1)} resized, ")
    assert (cat.parent / "look.html").read_text().count("<article>") == done
