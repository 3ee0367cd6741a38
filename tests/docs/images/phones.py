"""Checks for the rows about AVIF and HEIC."""

import tomllib
from typing import Final

import pytest
from PIL import Image

from resizer.errors import Reason
from tests.conftest import PROJECT
from tests.docs.images.check import PICTURE, rejected, resized, row
from tests.support.pictures import heic, saved

AVIF: Final = saved(PICTURE, "AVIF", speed=10)
HEIC: Final = heic(PICTURE)


@row("HEIC without the HEIC decoder")
def _() -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(__import__("sys").modules, "pillow_heif", None)
        rejected(Reason.HEIC_NOT_INSTALLED, HEIC)
    assert "\n  Heic:\n" in (PROJECT / "template.yaml").read_text()
    assert "heic" in tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]["optional-dependencies"]


@row("Truncated AVIF or HEIC")
def _() -> None:
    for data in (AVIF, HEIC):
        for cut in (len(data) // 2, len(data) - 1):
            rejected(Reason.TRUNCATED, data[:cut])


@row("HEIC with zeros instead of some of its pixels")
def _() -> None:
    middle = len(HEIC) * 2 // 3
    rejected(Reason.CORRUPT, HEIC[:middle] + bytes(200) + HEIC[middle + 200 :])


@row("AVIF with 10 or 12 bits")
def _() -> None:
    from tests.formats.test_avif import DEEP  # noqa: PLC0415 # a large picture, made by another encoder

    assert resized(DEEP, width=60).image.size == (60, 40)


@row("HEIC with several pictures")
def _() -> None:
    other = Image.new("RGB", PICTURE.size, "red")
    assert resized(heic(other, PICTURE, primary=1)).is_like(PICTURE)
