"""The page about images says what is so: every row of its table is tried with files of its kind."""

from __future__ import annotations

import importlib
import re

import pytest

from resizer.errors import Reason
from tests.conftest import PROJECT
from tests.docs.images.check import CHECKS, SEEN

for chapter in (
    "formats", "jpeg", "png", "animations", "phones", "tiff", "older", "colours", "metadata", "limits",
):  # fmt: skip
    importlib.import_module(f"tests.docs.images.{chapter}")

PAGE = (PROJECT / "docs" / "images.md").read_text()
ROWS = dict(re.findall(r"^\| (?!\*\*|picture \|)(.+?) \| (.+) \|$", PAGE, re.MULTILINE))


def test_every_row_has_a_check_and_every_check_a_row() -> None:
    """Nothing is promised that is not tried, and nothing is tried that is not promised."""
    assert set(ROWS) == set(CHECKS)
    assert len(ROWS) == len(re.findall(r"^\| (?!\*\*)", PAGE, re.MULTILINE)) - 1


@pytest.mark.parametrize("row", ROWS)
def test_every_row_is_so(row: str) -> None:
    """Files of the kind come out as the row says, and are rejected for the reasons that it names and no other."""
    SEEN.clear()
    CHECKS[row]()
    assert {str(reason) for reason in SEEN} == set(re.findall("`([a-z0-9_]+)`", ROWS[row])) & set(Reason)


def test_the_table_is_all_that_there_is() -> None:
    """Above the table there is a heading and a line, which the rows spell out."""
    assert len([line for line in PAGE.splitlines() if line and not line.startswith("|")]) == 2
