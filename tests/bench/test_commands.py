"""`python -m bench` explains a wrong option or file in one line."""

import re
import subprocess
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bench.__main__ import app
from bench.pictures import pictures
from bench.sizes import parse_sizes
from resizer.errors import UsageError
from tests.conftest import PROJECT
from tests.support.pictures import photo_like, saved


def test_wrong_sizes_name_the_option(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """For both commands, a list with a size that Lambda does not have is a usage error that names `--sizes`."""
    for text in ("", "128,abc", "128,", "64", "20000", "-128", "1.5"):
        with pytest.raises(UsageError, match="--sizes"):
            parse_sizes(text)
    monkeypatch.chdir(tmp_path)
    for command in (["measure"], ["live", "resize", "--bucket", "photos"]):
        problem = CliRunner().invoke(app, [*command, "--sizes=64"]).exception
        assert isinstance(problem, UsageError)
        assert "--sizes" in str(problem)


@pytest.mark.parametrize("command", ["measure", "live", "check", "choose"])
def test_help_names_options_in_full(command: str) -> None:
    """On a terminal of 80 columns no option's name is cut."""
    done = CliRunner(env={"COLUMNS": "80"}).invoke(app, [command, "--help"])
    assert done.exit_code == 0
    assert not re.findall(r"--[a-z-]*…", done.output)


def test_sizes_are_sorted_and_duplicates_dropped() -> None:
    """Order, duplicates and spaces in `--sizes` do not matter."""
    assert parse_sizes("512, 128,512") == (128, 512)


@pytest.mark.parametrize("content", [None, "", "no JSON", "{}\n{}"])
def test_a_file_without_rows_is_named(content: str | None, tmp_path: Path) -> None:
    """If the file is missing, empty or not made of rows, the usage error names it."""
    rows = tmp_path / "none"
    if content is not None:
        rows.write_text(content)
    problem = CliRunner().invoke(app, ["choose", "--rows", str(rows)]).exception
    assert isinstance(problem, UsageError)
    assert str(rows) in str(problem)


def test_an_unusable_picture_is_named_and_left_out(tmp_path: Path) -> None:
    """Damaged files are reported and left out; it is an error only if none remains."""
    cat = saved(photo_like(600, 400))
    for name, body in (("text.jpg", b"no picture"), ("cut.jpg", cat[: len(cat) // 2]), ("good.jpg", cat)):
        (tmp_path / name).write_bytes(body)
    reported: list[str] = []
    assert [each.name for each in pictures(tmp_path, None, tmp_path, reported.append)] == ["good.jpg"]
    assert [line.split(": ")[0] for line in reported] == [f"{tmp_path}/cut.jpg", f"{tmp_path}/text.jpg"]
    (tmp_path / "good.jpg").unlink()
    with pytest.raises(UsageError, match="no pictures that can be resized"):
        pictures(tmp_path, None, tmp_path)


def test_a_wrong_strategy_is_refused_before_the_build() -> None:
    """`make bench STRATEGY=best` lists the strategies and does nothing."""
    command = ["make", "--no-print-directory", "bench", "STRATEGY=best"]  # as it runs within `make test`, too
    done = subprocess.run(command, check=False, cwd=PROJECT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert "STRATEGY=best is not one of: cheapest fastest balanced" in done.stderr
    assert done.stdout == ""
