"""`resizer files` and `resizer demo` as a person at a terminal meets them."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from PIL import Image

from tests.pictures import photo_like, saved

if TYPE_CHECKING:
    from pathlib import Path


def resizer(*arguments: object, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command line as a process of its own."""
    command = [sys.executable, "-m", "resizer.local", *map(str, arguments)]
    return subprocess.run(
        command, check=False, cwd=cwd, env={**os.environ, **environment}, capture_output=True, text=True, timeout=60
    )


@pytest.fixture
def cat(tmp_path: Path) -> Path:
    """A picture in an empty folder."""
    path = tmp_path / "cat.jpg"
    path.write_bytes(saved(photo_like(1200, 800)))
    return path


def test_files_are_written_under_the_same_keys_as_in_s3(cat: Path) -> None:
    """Each image gives its renditions under OUT/resized/, and a line that tells their sizes."""
    done = resizer("files", cat, "--out", "out", cwd=cat.parent)
    assert (done.returncode, done.stderr) == (0, "")
    assert "480x320 640x427 1000x667" in done.stdout
    sizes = {path.name: Image.open(path).size for path in (cat.parent / "out" / "resized").iterdir()}
    assert sizes == {"480-cat.jpg": (480, 320), "640-cat.jpg": (640, 427), "1000-cat.jpg": (1000, 667)}


def test_two_sources_never_share_an_output(cat: Path) -> None:
    """A file whose renditions would lie where another's of the same run do is refused, and the first stays."""
    scan, twin = cat.with_name("scan.bmp"), cat.with_name("scan.bmp.jpg")
    scan.write_bytes(saved(photo_like(90, 60), "BMP"))
    twin.write_bytes(saved(photo_like(60, 90), "JPEG"))
    done = resizer("files", scan, twin, "--out", "out", cwd=cat.parent)
    assert done.returncode == 1
    assert "key_taken" in done.stdout + done.stderr
    assert Image.open(cat.parent / "out" / "resized" / "480-scan.bmp.jpg").size == (90, 60)
    assert resizer("files", twin, "--out", "out", cwd=cat.parent).returncode == 0  # another run may replace them


def test_widths_can_be_chosen(cat: Path) -> None:
    """`--widths` stands in for RESIZER_WIDTHS."""
    resizer("files", cat, "--out", "out", "--widths", "50,70", cwd=cat.parent)
    assert {path.name for path in (cat.parent / "out" / "resized").iterdir()} == {"50-cat.jpg", "70-cat.jpg"}


def test_a_refused_file_is_told_and_the_rest_is_done(cat: Path) -> None:
    """A text, a missing file and a second file of one name are refused, a line each; the others are done; exit 1."""
    text = cat.with_name("note.txt")
    text.write_text("no picture")
    twin = cat.parent / "twin" / "cat.jpg"
    twin.parent.mkdir()
    twin.write_bytes(cat.read_bytes())
    last = cat.with_name("last.png")
    last.write_bytes(saved(photo_like(50, 40), "PNG"))
    done = resizer("files", text, "missing.jpg", cat, twin, last, "--out", "out", cwd=cat.parent)
    assert done.returncode == 1
    refusals = [line.split("  ")[1].split(":")[0] for line in done.stderr.splitlines()]
    assert refusals == [str(text), "missing.jpg", str(twin)]
    assert "not_an_image" in done.stderr
    assert "Traceback" not in done.stderr
    assert len(list((cat.parent / "out" / "resized").iterdir())) == 6


def test_wrong_settings_are_one_readable_list(cat: Path) -> None:
    """Every wrong setting is named at once, without a traceback; exit 2."""
    done = resizer("files", cat, "--out", "out", cwd=cat.parent, RESIZER_WIDTHS="wide", RESIZER_MAX_BYTES="-1")
    assert done.returncode == 2
    assert "RESIZER_WIDTHS" in done.stderr
    assert "RESIZER_MAX_BYTES" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_demonstration_shows_renditions_and_ends(cat: Path) -> None:
    """`resizer demo PHOTO` uploads, waits, prints the renditions as a table and saves them; exit 0."""
    done = resizer("demo", cat, "--save", "saved", cwd=cat.parent, COLUMNS="120")
    assert (done.returncode, done.stderr) == (0, "")
    assert "3 renditions" in done.stdout
    assert "3 events were skipped" in done.stdout
    assert Image.open(cat.parent / "saved" / "resized" / "640-cat.jpg").size == (640, 427)


def test_the_demonstration_has_samples_of_its_own(tmp_path: Path) -> None:
    """Without a photo the demonstration draws some, one of them lying on its side."""
    done = resizer("demo", "--save", "saved", cwd=tmp_path, COLUMNS="120")
    assert done.returncode == 0
    assert Image.open(tmp_path / "saved/resized/480-taken on its side.jpg").size == (480, 320)
    assert Image.open(tmp_path / "saved/resized/480-badge.png").mode == "RGBA"


def test_a_contact_sheet_shows_originals_renditions_and_refusals(cat: Path) -> None:
    """`--sheet` writes a page that links each original and its renditions, and says why one was refused."""
    text = cat.with_name("<note>.txt")
    text.write_text("no picture")
    done = resizer("files", cat, text, "--sheet", "look.html", cwd=cat.parent)
    page = (cat.parent / "look.html").read_text()
    assert done.returncode == 1
    assert [f'src="{name}"' in page for name in ("cat.jpg", "look-renditions/resized/480-cat.jpg")] == [True, True]
    assert "&lt;note&gt;.txt" in page
    assert "not_an_image" in page
    assert (cat.parent / "look-renditions/resized/480-cat.jpg").exists()


def test_somewhere_to_write_must_be_named(cat: Path) -> None:
    """Without --out or --sheet one line says what is missing; exit 2."""
    done = resizer("files", cat, cwd=cat.parent)
    assert (done.returncode, "--out" in done.stderr, "Traceback" in done.stderr) == (2, True, False)


def test_help_lists_every_command(tmp_path: Path) -> None:
    """`resizer --help` teaches what there is."""
    done = resizer("--help", cwd=tmp_path)
    assert done.returncode == 0
    assert all(command in done.stdout for command in ("files", "up", "demo"))
