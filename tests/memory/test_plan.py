"""The memory plan is never below an image's real peak, nor far above it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import cache
from itertools import pairwise
from pathlib import Path
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
    Boxes = Sequence[dict[str, object]]
    Compare = Callable[..., Comparison]
    Noise = Callable[[str, int, int], Path]

SIZES = [(1000, 750), (640, 480), (480, 360)]
measurable = pytest.mark.skipif(
    sys.platform != "linux", reason="only Linux reports a process's peak memory and can reset it"
)


@pytest.fixture(scope="module")
def compare() -> Iterator[Compare]:
    """Resizes one image in a fresh process, and compares the plan with its peak."""
    fresh = FreshProcesses.start()

    def compared(
        path: Path, widths: tuple[int, ...] = DEFAULT_WIDTHS, formats: Sequence[str] = ("source",), boxes: Boxes = ()
    ) -> Comparison:
        return Comparison(path.name, **fresh.run("bench.memory.peak:measure_peak", str(path), widths, formats, boxes))

    yield compared
    fresh.stop()


@pytest.fixture(scope="module")
def noise(tmp_path_factory: pytest.TempPathFactory) -> Noise:
    """Draws a picture of noise by the name of its kind, each only once."""
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
    """The peak of a two megapixel picture in every format and mode is within the plan."""
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
    """The peaks of HEICs like those of phones and cameras, small and large, are within the plan."""
    kind = next(each for each in KINDS if each[0] == name)
    found = compare(drawn_image(kind, megapixels, tmp_path))
    assert found.outcome == "resized"
    assert found.holds, found


@pytest.mark.slow
@measurable
def test_the_plan_holds_for_animations(compare: Compare, tmp_path: Path) -> None:
    """The peaks of animations in every format are within the plan."""
    for path in drawn_animations(3, tmp_path):
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
    """The peaks for renditions as large as the source, of noise, are within the plan."""
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
    """The peak of each real JPEG is within the plan."""
    found = compare(path)
    assert found.holds, found


@pytest.mark.slow
@measurable
@pytest.mark.parametrize("formats", [("source",), ("source", "webp")])
@pytest.mark.parametrize(
    "boxes",  # three each, as many as are written at once
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
    """The peaks for crops, canvases, enlarged and slowly encoded pictures, of noise, are within the plan."""
    found = compare(noise(name, 1600, 1200), formats=formats, boxes=boxes)
    assert found.outcome == "resized"
    assert found.holds, found


def needed(header: Header, format_: Format = Format.JPEG) -> int:
    """The plan for the plain widths in one format."""
    planned = [laid_out(whole(header.upright_size, size), format_) for size in SIZES]
    return memory_needed(header, planned=planned, file_size=0)


def needed_for(header: Header, *specs: RenditionSpec, format_: Format = Format.PNG) -> int:
    """The plan for renditions of these specifications."""
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
def test_larger_images_have_a_larger_plan(less: Header, more: Header) -> None:
    """More pixels, channels, buffered bytes or frames raise the plan."""
    assert needed(less) < needed(more)


def test_scaling_while_decoding_saves_memory() -> None:
    """A JPEG that is decoded at a smaller scale takes less than a quarter of the memory."""
    jpeg, bitmap = Header("JPEG", "RGB", 8000, 6000), Header("BMP", "RGB", 8000, 6000)
    assert needed(jpeg) < 0.25 * needed(bitmap)


def test_pillow_resizes_a_copy_of_a_transparent_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without SIMD the plan has one more copy of a transparent picture, and none of an opaque one."""
    opaque, clear = Header("PNG", "RGB", 8000, 6000), Header("PNG", "RGBA", 8000, 6000, has_transparency=True)
    in_place = needed(opaque), needed(clear)
    monkeypatch.setattr("resizer.memory.plan.MULTIPLIES_IN_PLACE", False)
    assert (needed(opaque), needed(clear)) == (in_place[0], in_place[1] + 4 * 8000 * 6000)


def test_files_that_wait_to_be_written_count() -> None:
    """PNGs of nearly one size are planned with two pictures and three files, because three are written at once."""
    header, pixels = Header("PNG", "RGB", 1000, 750), 1000 * 750
    widths = [RenditionSpec(name=str(width), width=width) for width in (1000, 999, 998, 997, 996)]
    counted = [needed_for(header, *widths[:count]) for count in range(2, 6)]
    more = [(later - before) / pixels for before, later in pairwise(counted)]
    assert more == pytest.approx([4, 3.1, 0], abs=0.15)


def test_different_crops_are_held_at_once() -> None:
    """Each different crop of the decoded picture adds its pixels, because all are made right after decoding."""
    header, pixels = Header("PNG", "RGB", 1000, 750), 750 * 750
    points = [(across, 0.5) for across in (0.4, 0.45, 0.5, 0.55, 0.6)]
    crops = [RenditionSpec(name="c", width=750, height=750, fit=Fit.COVER, gravity=point) for point in points]
    counted = [needed_for(header, *crops[:count]) for count in range(2, 6)]
    more = [(later - before) / pixels for before, later in pairwise(counted)]
    assert more == pytest.approx([4, 4, 4], abs=0.15)


@pytest.mark.parametrize("gravity", ["center", "west", "east"])
def test_a_crop_by_attention_is_planned_separately(gravity: str) -> None:
    """Before decoding nobody knows where a crop by attention will be, so it is planned as different from all others."""
    header, pixels = Header("PNG", "RGB", 1000, 750), 750 * 750
    crops = [
        RenditionSpec(name=each, width=750, height=750, fit=Fit.COVER, gravity=each) for each in (gravity, "attention")
    ]
    assert needed_for(header, *crops) >= needed_for(header, crops[0]) + 4 * pixels


def test_the_encoders_memory_counts() -> None:
    """A small picture that is written as AVIF is planned with the encoder's memory."""
    header = Header("JPEG", "RGB", 1000, 750)
    assert needed(header, Format.AVIF) > needed(header) + 10 * MB


def test_freed_renditions_do_not_count() -> None:
    """Of renditions that are made from a larger one, only those held at the same time count."""
    header = Header("PNG", "RGB", 4000, 3000)
    wide = [RenditionSpec(name=str(width), width=width) for width in (2000, 1000, 640, 480, 320)]
    assert needed_for(header, *wide[:2]) == needed_for(header, *wide)


def test_canvas_and_watermark_count() -> None:
    """A canvas takes a copy of the rendition; a watermark takes a copy and its own pixels."""
    header, pixels = Header("JPEG", "RGB", 2000, 1000), 1000 * 1000
    box: dict[str, Any] = {"name": "1000", "width": 1000, "height": 1000}
    inside, contain = RenditionSpec(**box), RenditionSpec(**box, fit=Fit.CONTAIN, background="#010203")
    cover = RenditionSpec(**box, fit=Fit.COVER)
    plain = needed_for(header, inside, format_=Format.AVIF)
    assert needed_for(header, contain, format_=Format.AVIF) > plain + 4 * pixels
    marked = needed_for(header, replace(cover, watermark="logo"), format_=Format.AVIF)
    assert marked >= needed_for(header, cover, format_=Format.AVIF) + (4 + 1) * pixels
