"""If a new Pillow lacks a private name, the import fails and says which name is missing and what to do."""

import ast
import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import PIL
import pytest
from PIL import Image

from resizer.formats import pillow_private

FILE = Path(pillow_private.__file__)


def expected_names() -> Iterator[tuple[str, str]]:
    """Each expected name, with its owner as written in the module."""
    for node in ast.walk(ast.parse(FILE.read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "expect":
            for name in ast.literal_eval(node.args[1]):
                yield ast.unparse(node.args[0]), name


def import_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Import a second copy of the module."""
    spec = importlib.util.spec_from_file_location("pillow_private_again", FILE)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, spec.name, module)  # dataclasses look up their module here
    spec.loader.exec_module(module)


def delete_name(owner: str, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Delete the name from its owner."""
    found: object = eval(owner, vars(pillow_private))  # noqa: S307 # an expression in the module's own source
    if isinstance(found, Image.Image):  # its attributes are not on its class
        others = {other: getattr(found, other) for at, other in expected_names() if at == owner and other != name}
        monkeypatch.setattr(Image, "new", lambda *_: SimpleNamespace(**others))
    else:
        monkeypatch.delattr(found, name)


def test_a_missing_name_stops_the_import(monkeypatch: pytest.MonkeyPatch) -> None:
    """The error gives the installed Pillow, the missing name, and the Pillow that has it."""
    with monkeypatch.context() as whole:
        import_again(whole)
    assert len(list(expected_names())) > 8
    for owner, name in expected_names():
        message = rf"Pillow {PIL.__version__} has no .*\.{name}: .*Pillow {pillow_private.WRITTEN_FOR}; pin that"
        with monkeypatch.context() as patched:
            delete_name(owner, name, patched)
            with pytest.raises(ImportError, match=message):
                import_again(patched)


def test_the_lock_file_pins_the_expected_pillow() -> None:
    """The lock file pins the Pillow version of `WRITTEN_FOR`."""
    pins = Path(__file__).parents[2] / "requirements" / "runtime.txt"
    [pinned] = [line.split("==")[1] for line in pins.read_text().splitlines() if line.startswith("pillow==")]
    assert pinned.split()[0].startswith(f"{pillow_private.WRITTEN_FOR}.")
