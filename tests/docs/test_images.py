"""Every row in the table of docs/images.md holds for real files."""

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


def test_rows_and_checks_match() -> None:
    """Every row has a check, and every check has a row."""
    assert set(ROWS) == set(CHECKS)
    assert len(ROWS) == len(re.findall(r"^\| (?!\*\*)", PAGE, re.MULTILINE)) - 1


@pytest.mark.parametrize("row", ROWS)
def test_every_row_holds(row: str) -> None:
    """The row's files are resized or rejected as it says, with exactly the reasons that it names."""
    SEEN.clear()
    CHECKS[row]()
    assert {str(reason) for reason in SEEN} == set(re.findall("`([a-z0-9_]+)`", ROWS[row])) & set(Reason)


def test_the_page_is_one_table() -> None:
    """Outside the table, the page has only a heading and one line."""
    assert len([line for line in PAGE.splitlines() if line and not line.startswith("|")]) == 2
