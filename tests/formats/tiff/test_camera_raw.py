"""A camera's raw file is refused, and its thumbnail never used; TIFFs that camera software exports are resized."""

from typing import Any

import pytest

from resizer.errors import Reason, Rejected
from tests.support.headers import header_of
from tests.support.tiffs import BYTE, LONG, SHORT, TEXT, Page, page, ramp, tiff_file

REDUCED: dict[str, Any] = {"t254": (LONG, (1,))}
SENSOR: dict[str, Any] = {
    "t254": (LONG, (0,)),
    "t262": (SHORT, (32803,)),
    "t277": (SHORT, (1,)),
    "t258": (SHORT, (16,)),
}
PATTERN: dict[str, Any] = {"t33421": (SHORT, (2, 2)), "t33422": (BYTE, (0, 1, 1, 2))}
DNG: dict[str, Any] = {"t50706": (BYTE, (1, 4, 0, 0))}


def made_by(name: str) -> dict[str, Any]:
    return {"t271": (TEXT, name.encode() + b"\0")}


def sensor(**tags: Any) -> Page:
    return page(ramp(channels=1, kind="<u2"), **{**SENSOR, **tags})


def thumbnail(*below: Page, **tags: Any) -> Page:
    return page(ramp(8, 10), below=below, **{**REDUCED, **tags})


def cr2() -> bytes:
    """Canon's format: a preview, a thumbnail and the sensor's samples as pages, and a mark of its own."""
    data = bytearray(tiff_file(page(ramp(8, 10), **made_by("Canon")), page(ramp(8, 10))))
    return bytes(data[:8] + b"CR\2\0" + data[12:])


RAW = {
    "DNG, linear": tiff_file(thumbnail(sensor(t262=(SHORT, (34892,))), **DNG)),
    "DNG, colour filters": tiff_file(thumbnail(sensor(**PATTERN), **DNG)),
    "DNG, big-endian": tiff_file(thumbnail(page(ramp(channels=1, kind=">u2"), **SENSOR), **DNG), order=">"),
    "DNG without a thumbnail": tiff_file(sensor(**DNG, **PATTERN)),
    "DNG of an unknown kind": tiff_file(thumbnail(**DNG)),
    "NEF": tiff_file(thumbnail(thumbnail(), sensor(t259=(SHORT, (34713,))), **made_by("NIKON CORPORATION"))),
    "NEF, uncompressed": tiff_file(thumbnail(thumbnail(), sensor(), **made_by("NIKON CORPORATION"))),
    "ARW": tiff_file(thumbnail(sensor(t259=(SHORT, (32767,)), t262=(SHORT, (1,))), **made_by("SONY")), thumbnail()),
    "CR2": cr2(),
    "PEF": tiff_file(sensor(t259=(SHORT, (65535,))), thumbnail()),
    "SRW": tiff_file(thumbnail(sensor(t259=(SHORT, (32770,))), **made_by("SAMSUNG"))),
}
EXPORTED = {
    "Nikon's": tiff_file(page(ramp(), **made_by("NIKON CORPORATION"))),
    "Canon's with a thumbnail after": tiff_file(page(ramp(), **made_by("Canon")), thumbnail()),
    "Sony's with a thumbnail before": tiff_file(thumbnail(**made_by("SONY")), page(ramp(), **made_by("SONY"))),
    "developed from a DNG": tiff_file(page(ramp(), **DNG)),
    "Nikon's of 16 bits with a thumbnail below": tiff_file(page(ramp(kind="<u2"), below=(thumbnail(),))),
}


@pytest.mark.parametrize("kind", RAW)
def test_a_raw_file_is_unsupported(kind: str) -> None:
    """A raw file is recognised by its structure, and the message says what to upload instead."""
    with pytest.raises(Rejected, match="raw file; upload the JPEG") as refused:
        header_of(RAW[kind])
    assert refused.value.reason == Reason.UNSUPPORTED_FORMAT


@pytest.mark.parametrize("kind", EXPORTED)
def test_tiffs_of_camera_software_are_resized(kind: str) -> None:
    """An ordinary TIFF of a camera maker's software is resized, and its full picture counts."""
    assert header_of(EXPORTED[kind]).width == 40


def test_raw_files_that_are_not_tiffs_are_unsupported() -> None:
    """Raw files that are not TIFFs are recognised by their first bytes."""
    for start in (b"IIU\0", b"IIRO", b"IIRS", b"MMOR", b"FUJIFILMCCD-RAW", b"II\x1a\0\0\0HEAPCCDR", b"\0MRM", b"FOVb"):
        with pytest.raises(Rejected, match="raw file") as refused:
            header_of(start + bytes(100))
        assert refused.value.reason == Reason.UNSUPPORTED_FORMAT
