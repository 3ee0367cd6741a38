"""docs/architecture.md names only files that exist, and every part of the package."""

import re

from tests.conftest import PROJECT

PAGE = (PROJECT / "docs" / "architecture.md").read_text()
NAMED = set(re.findall(r"`([\w/.]+(?:/|\.(?:py|yaml|md)))`", PAGE))


def test_every_path_exists() -> None:
    """Every file and folder on the page exists."""
    assert len(NAMED) > 30
    assert [name for name in sorted(NAMED) if not (PROJECT / name).exists()] == []


def test_every_package_and_module_is_named() -> None:
    """Each package and module directly in `resizer/` is on the page."""
    parts = {f"resizer/{path.name}" for path in (PROJECT / "resizer").glob("*.py") if not path.stem.startswith("__")}
    parts |= {f"resizer/{path.parent.name}/" for path in (PROJECT / "resizer").glob("*/__init__.py")}
    assert parts - NAMED == set()
