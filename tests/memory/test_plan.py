"""The memory plan is never below what an image really takes, nor far above it."""

from __future__ import annotations

import sys
from dataclasses import replace
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

from bench.memory.comparison import Comparison
from bench.memory.drawn import KINDS, WIDE_KINDS, drawn_animations, drawn_image, drawn_noise
from resizer.memory.plan import MB, memory_needed
from resizer.model import Format, Header
from resizer.planning.geometry import place, whole
from resizer.settings.rules import DEFAULT_WIDTHS, Fit, RenditionSpec
from tests.conftest import needs_photos, photo_files
from tests.support.fresh import FreshProcesses
from tests.support.plans import laid_out, largest_first

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    Boxes = Sequence[dict[str, object]]
    Compare = Callable[..., Comparison]
    Noise = Callable[[str, int, int], Path]

SIZES = [(1000, 750), (640, 480), (480, 360)]
measurable = pytest.mark.skipif(
    sys.platform != "linux", reason="only Linux tells a process's peak and lets it be reset"
)


@pytest.fixture(scope="module")
def compare() -> Iterator[Compare]:
    """Resizes one image in a process that has resized none before, and sets the plan beside its peak."""
    fresh = FreshProcesses.start()

    def compared(
        path: Path, widths: tuple[int, ...] = DEFAULT_WIDTHS, formats: Sequence[str] = ("source",), boxes: Boxes = ()
    ) -> Comparison:
        return Comparison(path.name, **fresh.run("bench.memory.peak:measure_peak", str(path), widths, formats, boxes))

    yield compared
    fresh.stop()


@pytest.fixture(scope="module")
def noise(tmp_path_factory: pytest.TempPathFactory) -> Noise:
    """Draws noise of a kind in `WIDE_KINDS`, by its name; each file only once."""
    kinds = {each[0]: each for each in WIDE_KINDS}

    @cache
    def drawn(name: str, width: int, height: int) -> Path:
        return drawn_noise(kinds[name], width, height, tmp_path_factory.mktemp("noise"))

    return drawn


@pytest.mark.slow
@measurable
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind[0])
def test_the_plan_holds_for_every_format_and_mode(
    kind: tuple[str, str, str, dict[str, object]], compare: Compare, tmp_path: Path
) -> None:
    """Of a picture of two megapixels in every format and mode the measured peak lies within the plan."""
    found = compare(drawn_image(kind, 2, tmp_path))
    assert found.outcome == "resized"
    assert found.holds, found


@pytest.mark.slow
@measurable
@pytest.mark.parametrize(
    ("name", "megapixels"),
    [("HEIC", 0.3), ("HEIC tiles", 0.3), ("HEIC alpha", 0.3), ("HEIC 444 10 bit alpha", 0.3), ("HEIC tiles", 12)],
)
def test_the_plan_holds_for_heic_of_every_size(name: str, megapixels: float, compare: Compare, tmp_path: Path) -> None:
    """Of what phones and cameras take the measured peak lies within the plan, small and large."""
    kind = next(each for each in KINDS if each[0] == name)
    found = compare(drawn_image(kind, megapixels, tmp_path))
    assert found.outcome == "resized"
    assert found.holds, found


@pytest.mark.slow
@measurable
def test_the_plan_holds_for_animations(compare: Compare, tmp_path: Path) -> None:
    """Of animations in every format the measured peak lies within the plan."""
    for path in drawn_animations(5, tmp_path):
        found = compare(path)
        assert found.holds, found


@pytest.mark.slow
@measurable
@pytest.mark.parametrize(
    ("name", "size", "widths"),
    [
        ("PNG alpha", (2000, 1500), (2000, 1750, 1500, 1250, 1000, 750)),
        ("PNG", (750, 4000), (750, 500, 250)),
        ("PNG gray", (4000, 3000), (4000, 3000, 2000)),
        ("GIF", (1600, 1200), (1600, 1200, 800)),
    ],
)
def test_the_plan_holds_for_wide_widths(
    name: str, size: tuple[int, int], widths: tuple[int, ...], compare: Compare, noise: Noise
) -> None:
    """Of renditions as large as the picture, made of noise, the measured peak lies within the plan."""
    found = compare(noise(name, *size), widths)
    assert found.outcome == "resized"
    assert found.holds, found


@pytest.mark.slow
@measurable
@needs_photos
@pytest.mark.parametrize(
    "path",
    [path for path in photo_files() if "exif" not in path.name and path.suffix == ".jpg"],
    ids=lambda path: path.name,
)
def test_the_plan_holds_for_real_jpegs(path: Path, compare: Compare) -> None:
    """Of each large JPEG the measured peak lies within the plan."""
    found = compare(path)
    assert found.holds, found


@pytest.mark.slow
@measurable
@pytest.mark.parametrize("formats", [("source",), ("source", "webp")])
@pytest.mark.parametrize(
    "boxes",  # three each: the measurement waits for as many as are written at once
    [
        [{"width": side, "height": side, "fit": "cover", "gravity": "attention"} for side in (64, 256, 600)],
        [{"width": 1100, "height": 1100, "fit": "cover", "gravity": side} for side in ("west", "east", "attention")],
        [{"width": side, "height": 1280, "fit": "contain"} for side in (1280, 720, 560)],
        [{"width": side, "fit": "inside", "enlarge": True} for side in (2100, 1600, 1400)],
        [{"width": side, "fit": "inside", "effort": "small"} for side in (1280, 720, 560)],
    ],
    ids=["avatars", "large crops", "canvases", "enlarged", "small"],
)
@pytest.mark.parametrize("name", ["JPEG", "PNG alpha"])
def test_the_plan_holds_for_boxes(
    name: str, boxes: list[dict[str, Any]], formats: tuple[str, ...], compare: Compare, noise: Noise
) -> None:
    """Of crops, canvases, enlarged and slowly encoded pictures, of noise, the measured peak lies within the plan."""
    found = compare(noise(name, 1600, 1200), formats=formats, boxes=boxes)
    assert found.outcome == "resized"
    assert found.holds, found


def needed(header: Header, format_: Format = Format.JPEG) -> int:
    """The plan for the plain widths in one format."""
    planned = [laid_out(whole(header.upright_size, size), format_) for size in SIZES]
    return memory_needed(header, planned=planned, file_size=0)


def needed_for(header: Header, *specs: RenditionSpec, format_: Format = Format.PNG) -> int:
    """The plan for renditions by their specification."""
    laid = {spec: place(header.upright_size, spec) for spec in specs}
    order = largest_first(header.upright_size, laid.values())
    in_order = sorted(laid.items(), key=lambda each: order.index(each[1]))
    planned = [laid_out(placement, format_, spec) for spec, placement in in_order]
    return memory_needed(header, planned=planned, file_size=0)


@pytest.mark.parametrize(
    ("less", "more"),
    [
        (Header("PNG", "RGB", 4000, 3000), Header("PNG", "RGB", 12000, 9000)),
        (Header("JPEG", "L", 4000, 3000), Header("JPEG", "RGB", 4000, 3000)),
        (Header("JPEG", "RGB", 4000, 3000), Header("JPEG", "RGB", 4000, 3000, buffered_bytes=72 * MB)),
        (Header("PNG", "RGB", 4000, 3000), Header("PNG", "LA", 4000, 3000)),
        (Header("GIF", "P", 400, 300, frames=2), Header("GIF", "P", 400, 300, frames=200)),
    ],
)
def test_what_takes_more_is_planned_with_more(less: Header, more: Header) -> None:
    """More pixels, channels, scans, copies in the decoder or frames never lower the plan."""
    assert needed(less) < needed(more)


def test_scaling_while_decoding_saves_memory() -> None:
    """A JPEG that is decoded at a quarter takes less than at full size."""
    jpeg, bitmap = Header("JPEG", "RGB", 8000, 6000), Header("BMP", "RGB", 8000, 6000)
    assert needed(jpeg) < 0.25 * needed(bitmap)


def test_what_waits_to_be_written_counts() -> None:
    """PNGs of nearly one size are planned with their files, of which three are there at once, and two pictures."""
    header, pixels = Header("PNG", "RGB", 1000, 750), 1000 * 750
    widths = [RenditionSpec(name=str(width), width=width) for width in (1000, 999, 998, 997, 996)]
    counted = [needed_for(header, *widths[:count]) for count in range(2, 6)]
    more = [(later - before) / pixels for before, later in pairwise(counted)]
    assert more == pytest.approx([4, 3.1, 0], abs=0.15)


def test_crops_that_no_other_serves_for_are_there_at_once() -> None:
    """Each different part of the decoded picture adds its pixels: they are all made when it is decoded."""
    header, pixels = Header("PNG", "RGB", 1000, 750), 750 * 750
    points = [(across, 0.5) for across in (0.4, 0.45, 0.5, 0.55, 0.6)]
    crops = [RenditionSpec(name="c", width=750, height=750, fit=Fit.COVER, gravity=point) for point in points]
    counted = [needed_for(header, *crops[:count]) for count in range(2, 6)]
    more = [(later - before) / pixels for before, later in pairwise(counted)]
    assert more == pytest.approx([4, 4, 4], abs=0.15)


@pytest.mark.parametrize("gravity", ["center", "west", "east"])
def test_a_crop_by_attention_may_show_what_no_other_does(gravity: str) -> None:
    """Before the pixels are there it is planned as one that nothing is made from, and that is made from nothing."""
    header, pixels = Header("PNG", "RGB", 1000, 750), 750 * 750
    crops = [
        RenditionSpec(name=each, width=750, height=750, fit=Fit.COVER, gravity=each) for each in (gravity, "attention")
    ]
    assert needed_for(header, *crops) >= needed_for(header, crops[0]) + 4 * pixels


def test_encoders_count_where_they_take_the_most() -> None:
    """A small picture that is written as AVIF is planned with its encoder's memory."""
    header = Header("JPEG", "RGB", 1000, 750)
    assert needed(header, Format.AVIF) > needed(header) + 10 * MB


def test_views_that_serve_for_later_ones_count_as_long_as_they_do() -> None:
    """Renditions that are made from one large one add what is there beside it, and not what is gone."""
    header = Header("PNG", "RGB", 4000, 3000)
    wide = [RenditionSpec(name=str(width), width=width) for width in (2000, 1000, 640, 480, 320)]
    assert needed_for(header, *wide[:2]) == needed_for(header, *wide)


def test_what_is_laid_around_and_over_a_picture_counts() -> None:
    """A canvas takes a copy of the rendition, and a watermark as much and its own pixels."""
    header, pixels = Header("JPEG", "RGB", 2000, 1000), 1000 * 1000
    box: dict[str, Any] = {"name": "1000", "width": 1000, "height": 1000}
    inside, contain = RenditionSpec(**box), RenditionSpec(**box, fit=Fit.CONTAIN, background="#010203")
    cover = RenditionSpec(**box, fit=Fit.COVER)
    plain = needed_for(header, inside, format_=Format.AVIF)
    assert needed_for(header, contain, format_=Format.AVIF) > plain + 4 * pixels
    marked = needed_for(header, replace(cover, watermark="logo"), format_=Format.AVIF)
    assert marked >= needed_for(header, cover, format_=Format.AVIF) + (4 + 1) * pixels
