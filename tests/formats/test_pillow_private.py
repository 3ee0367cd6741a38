"""A new Pillow that moves a private name stops the import, and says which name it was and what to do."""

from __future__ import annotations

import ast
import importlib.util
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING

import PIL
import pytest
from PIL import Image

from resizer.formats import pillow_private

if TYPE_CHECKING:
    from collections.abc import Iterator

FILE = Path(pillow_private.__file__)


def expected() -> Iterator[tuple[str, str]]:
    """Each name that the module expects, behind its owner as the module writes it."""
    for node in ast.walk(ast.parse(FILE.read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "expect":
            for name in ast.literal_eval(node.args[1]):
                yield ast.unparse(node.args[0]), name


def import_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Run the module once more, beside the one that is in use."""
    spec = importlib.util.spec_from_file_location("pillow_private_again", FILE)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, spec.name, module)  # where dataclasses look their module up
    spec.loader.exec_module(module)


def take_away(owner: str, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the owner without the name."""
    found: object = eval(owner, vars(pillow_private))  # noqa: S307 # the module's own words
    if isinstance(found, Image.Image):  # which has names that its class has not
        others = {other: getattr(found, other) for at, other in expected() if at == owner and other != name}
        monkeypatch.setattr(Image, "new", lambda *_: SimpleNamespace(**others))
    else:
        monkeypatch.delattr(found, name)


def test_each_name_that_is_missing_stops_the_import(monkeypatch: pytest.MonkeyPatch) -> None:
    """The error names the Pillow that is installed, the name that it lacks, and the Pillow that has it."""
    with monkeypatch.context() as whole:
        import_again(whole)
    assert len(list(expected())) > 8
    for owner, name in expected():
        message = rf"Pillow {PIL.__version__} has no .*\.{name}: .*Pillow {pillow_private.WRITTEN_FOR}; pin that"
        with monkeypatch.context() as patched:
            take_away(owner, name, patched)
            with pytest.raises(ImportError, match=message):
                import_again(patched)


def test_the_pillow_that_is_pinned_is_the_one_that_the_module_was_written_for() -> None:
    """The lock file and `WRITTEN_FOR` go together."""
    pins = Path(__file__).parents[2] / "requirements" / "runtime.txt"
    [pinned] = [line.split("==")[1] for line in pins.read_text().splitlines() if line.startswith("pillow==")]
    assert pinned.split()[0].startswith(f"{pillow_private.WRITTEN_FOR}.")
