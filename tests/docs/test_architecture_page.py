"""The page about the architecture names files that exist, and every room of the house."""

from __future__ import annotations

import re

from tests.conftest import PROJECT

PAGE = (PROJECT / "docs" / "architecture.md").read_text()
NAMED = set(re.findall(r"`([\w/.]+(?:/|\.(?:py|yaml|md)))`", PAGE))


def test_every_path_exists() -> None:
    """No file or folder has moved away from its name on the page."""
    assert len(NAMED) > 30
    assert [name for name in sorted(NAMED) if not (PROJECT / name).exists()] == []


def test_every_room_is_named() -> None:
    """Each package and module directly in `resizer/` has its line."""
    rooms = {f"resizer/{path.name}" for path in (PROJECT / "resizer").glob("*.py") if not path.stem.startswith("__")}
    rooms |= {f"resizer/{path.parent.name}/" for path in (PROJECT / "resizer").glob("*/__init__.py")}
    assert rooms - NAMED == set()
