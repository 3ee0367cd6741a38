"""Resizes a file, and gives its report and its rendition."""

from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from resizer.cli.folder import FolderS3
from resizer.model import SourceObject
from resizer.pipeline import process
from resizer.report import Report
from resizer.settings import Settings
from resizer.settings.rules import Rule
from tests.support.pictures import photo_like

PICTURE = photo_like(640, 480)
SETTINGS = Settings(defaults=Rule.of_widths((480,)))
GRAY = PICTURE.convert("L")


@pytest.fixture
def resize(tmp_path: Path) -> Callable[..., tuple[Report, Image.Image | None]]:
    """Resizes the bytes of a file. Gives the report, and the 480 pixel rendition if there is one."""

    def run(data: bytes, settings: Settings = SETTINGS, name: str = "picture") -> tuple[Report, Image.Image | None]:
        source = tmp_path / name
        source.write_bytes(data)
        report = process(SourceObject("local", name), settings, FolderS3({name: source}, tmp_path))
        rendition = tmp_path / report.renditions[0].plan.key if report.renditions else None
        return report, Image.open(rendition) if rendition else None

    return run
