"""The memory plan is never below what an image really takes, nor far above it."""

from __future__ import annotations

import sys
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from bench.memory.comparison import compare
from bench.memory.drawn import VARIETIES, WIDE, WIDE_VARIETIES, drawn_animations, drawn_image, drawn_noise
from resizer.memory.plan import MB, memory_needed
from resizer.model import Format, Header
from tests.conftest import needs_photos, photo_files

if TYPE_CHECKING:
    from pathlib import Path

SIZES = [(1000, 750), (640, 480), (480, 360)]
JPEG = [Format.JPEG]
measurable = pytest.mark.skipif(
    sys.platform != "linux", reason="only Linux tells a process's peak and lets it be reset"
)


@measurable
@pytest.mark.parametrize("variety", VARIETIES, ids=lambda variety: variety[0])
def test_the_plan_holds_for_every_format_and_mode(
    variety: tuple[str, str, str, dict[str, object]], tmp_path: Path
) -> None:
    """Of a picture of three megapixels in every format and mode the measured peak lies within the plan."""
    found = compare(drawn_image(variety, 3, tmp_path))
    assert found.outcome == "resized"
    assert found.holds, found


@measurable
@pytest.mark.parametrize("megapixels", [0.3, 12])
@pytest.mark.parametrize("name", ["HEIC", "HEIC tiles", "HEIC alpha", "HEIC 444 10 bit alpha"])
def test_the_plan_holds_for_heic_of_every_size(name: str, megapixels: float, tmp_path: Path) -> None:
    """Of what phones and cameras take the measured peak lies within the plan, small and large."""
    variety = next(each for each in VARIETIES if each[0] == name)
    found = compare(drawn_image(variety, megapixels, tmp_path))
    assert found.outcome == "resized"
    assert found.holds, found


@measurable
def test_the_plan_holds_for_animations(tmp_path: Path) -> None:
    """Of animations in every format the measured peak lies within the plan."""
    for path in drawn_animations(10, tmp_path):
        found = compare(path)
        assert found.holds, found


@measurable
@pytest.mark.parametrize(
    ("name", "size", "widths"),
    [
        ("PNG alpha", (4000, 3000), WIDE),
        ("PNG", (1500, 8000), (1500, 1000, 500)),
        ("GIF", (4000, 3000), (4000, 3000, 2000)),
    ],
)
def test_the_plan_holds_for_wide_widths(
    name: str, size: tuple[int, int], widths: tuple[int, ...], tmp_path: Path
) -> None:
    """Of renditions as large as the picture, made of noise, the measured peak lies within the plan."""
    variety = next(each for each in WIDE_VARIETIES if each[0] == name)
    found = compare(drawn_noise(variety, *size, tmp_path), widths)
    assert found.outcome == "resized"
    assert found.holds, found


@measurable
@needs_photos
@pytest.mark.parametrize(
    "path",
    [path for path in photo_files() if "exif" not in path.name and path.suffix == ".jpg"],
    ids=lambda path: path.name,
)
def test_the_plan_holds_for_real_jpegs(path: Path) -> None:
    """Of each large JPEG the measured peak lies within the plan."""
    found = compare(path)
    assert found.holds, found


@pytest.mark.parametrize(
    ("less", "more"),
    [
        (Header("PNG", "RGB", 4000, 3000), Header("PNG", "RGB", 12000, 9000)),
        (Header("JPEG", "L", 4000, 3000), Header("JPEG", "RGB", 4000, 3000)),
        (Header("JPEG", "RGB", 4000, 3000), Header("JPEG", "RGB", 4000, 3000, buffered_bytes=72 * MB)),
        (Header("PNG", "RGB", 4000, 3000), Header("PNG", "LA", 4000, 3000)),
        (Header("PNG", "RGBA", 4000, 3000), Header("WEBP", "RGBA", 4000, 3000)),
        (Header("GIF", "P", 400, 300, frames=2), Header("GIF", "P", 400, 300, frames=200)),
    ],
)
def test_what_takes_more_is_planned_with_more(less: Header, more: Header) -> None:
    """More pixels, channels, scans, copies in the decoder or frames never lower the plan."""
    assert memory_needed(less, sizes=SIZES, file_size=0, formats=JPEG) < memory_needed(
        more, sizes=SIZES, file_size=0, formats=JPEG
    )


def test_scaling_while_decoding_saves_memory() -> None:
    """A JPEG that is decoded at a quarter takes less than at full size."""
    header, whole = Header("JPEG", "RGB", 8000, 6000), Header("BMP", "RGB", 8000, 6000)
    assert memory_needed(header, sizes=SIZES, file_size=0, formats=JPEG) < 0.25 * memory_needed(
        whole, sizes=SIZES, file_size=0, formats=JPEG
    )


def test_what_waits_to_be_written_counts() -> None:
    """PNGs as large as the picture are planned with their pixels and files, of which three are there at once."""
    header, pixels = Header("PNG", "RGB", 1000, 750), 1000 * 750
    needed = [
        memory_needed(header, sizes=[(1000, 750)] * count, file_size=0, formats=[Format.PNG]) for count in range(2, 6)
    ]
    more = [(later - before) / pixels for before, later in pairwise(needed)]
    assert more == pytest.approx([4 + 3.1, 4, 4], abs=0.01)


def test_encoders_count_where_they_take_the_most() -> None:
    """A small picture that is written as AVIF is planned with its encoder's memory."""
    header = Header("JPEG", "RGB", 1000, 750)
    assert (
        memory_needed(header, sizes=SIZES, file_size=0, formats=[Format.AVIF])
        > memory_needed(header, sizes=SIZES, file_size=0, formats=JPEG) + 10 * MB
    )
