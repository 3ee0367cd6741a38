"""The files of docs/rules.md are valid, and its commands print what the page shows."""

import re
import shlex
from dataclasses import fields
from pathlib import Path

import pytest

from resizer.settings.rules import RenditionSpec, Rule, Watermark, glob_matches
from tests.conftest import PROJECT
from tests.support.command_line import resizer

pytestmark = pytest.mark.slow

PAGE = (PROJECT / "docs" / "rules.md").read_text()
BLOCKS = re.findall(r"```(toml|console)\n(.*?)```", PAGE, re.DOTALL)
FILES = [text for kind, text in BLOCKS if kind == "toml"]
FILES += re.findall(r"```toml\n(.*?)```", (PROJECT / "README.md").read_text(), re.DOTALL)
GLOBS = re.findall(r"^\| `([^`]+)` \| (`.*`) \| (`.*`) \|$", PAGE, re.MULTILINE)


def commands() -> list[tuple[str, str, str]]:
    """Each command on the page, with the file above it and the output below it."""
    listed, file = [], ""
    for kind, text in BLOCKS:
        if kind == "toml":
            file = text
            continue
        for part in text.split("$ ")[1:]:
            command, _, output = part.partition("\n")
            listed.append((command, file, output))
    return listed


def stripped(text: str) -> list[str]:
    return [line.rstrip() for line in text.splitlines()]


@pytest.mark.parametrize(("command", "file", "output"), commands())
def test_every_command_prints_what_the_page_says(tmp_path: Path, command: str, file: str, output: str) -> None:
    """With the file above it, each command prints the lines below it."""
    (tmp_path / "resizer.toml").write_text(file)
    _, *arguments = shlex.split(command)
    done = resizer(*arguments, cwd=tmp_path, COLUMNS="120")
    assert stripped(done.stdout + done.stderr) == stripped(output)


def test_the_files_are_valid(tmp_path: Path) -> None:
    """Every file on the page and in the README is valid, except for the one that shows mistakes."""
    for text in FILES:
        (tmp_path / "resizer.toml").write_text(text)
        done = resizer("config", "check", cwd=tmp_path)
        assert (done.returncode == 0) == ("efort" not in text)


def test_every_key_is_in_a_table() -> None:
    """The tables list every key of the settings file."""
    named = set(re.findall(r"`(\w+)`", " ".join(re.findall(r"^\| (`[^|]*)\|", PAGE, re.MULTILINE))))
    assert {field.name for table in (Rule, RenditionSpec, Watermark) for field in fields(table)} <= named


@pytest.mark.parametrize(("glob", "yes", "no"), GLOBS)
def test_every_glob_matches_what_the_page_says(glob: str, yes: str, no: str) -> None:
    """A glob matches the keys in the second column, and not those in the third."""
    assert all(glob_matches(glob, key) for key in re.findall("`([^`]+)`", yes))
    assert not any(glob_matches(glob, key) for key in re.findall("`([^`]+)`", no))
