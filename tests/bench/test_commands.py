"""`python -m bench` where a person mistypes: `bench.__main__`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from bench.__main__ import app
from bench.sizes import parse_sizes
from resizer.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("text", ["", "128,abc", "128,", "64", "20000", "-128", "1.5"])
@pytest.mark.parametrize("command", [["measure"], ["live", "resize", "--bucket", "photos"]])
def test_wrong_sizes_are_told(text: str, command: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is no list of Lambda's sizes is a usage error of both commands, which names the option."""
    monkeypatch.chdir(tmp_path)
    problem = CliRunner().invoke(app, [*command, f"--sizes={text}"]).exception
    assert isinstance(problem, UsageError)
    assert "--sizes" in str(problem)


def test_sizes_are_sorted_and_each_is_there_once() -> None:
    """Order, repetition and blanks do not matter."""
    assert parse_sizes("512, 128,512") == (128, 512)


@pytest.mark.parametrize("content", [None, "", "no JSON", "{}\n{}"])
def test_rows_that_are_none_are_told(content: str | None, tmp_path: Path) -> None:
    """Where there are no rows, or something else, the usage error names the file."""
    rows = tmp_path / "none"
    if content is not None:
        rows.write_text(content)
    problem = CliRunner().invoke(app, ["choose", "--rows", str(rows)]).exception
    assert isinstance(problem, UsageError)
    assert str(rows) in str(problem)
