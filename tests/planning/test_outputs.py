"""Sizes, keys and formats of renditions are what the contract says, to the pixel and the byte."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resizer.errors import Reason
from resizer.model import Format, RenditionPlan
from resizer.planning.geometry import rendition_size
from resizer.planning.outputs import LONGEST_KEY, check_key_length, key_for, plan
from resizer.settings import Settings
from tests.conftest import rejects
from tests.support.pictures import header

SETTINGS = Settings()


def test_a_photo_gives_the_contracts_renditions() -> None:
    """A photo gives one rendition for each width under the contract's keys, widest first."""
    assert plan("photos/cat.jpg", header(4000, 3000), SETTINGS) == [
        RenditionPlan("resized/1000-photos/cat.jpg", 1000, 750, Format.JPEG),
        RenditionPlan("resized/640-photos/cat.jpg", 640, 480, Format.JPEG),
        RenditionPlan("resized/480-photos/cat.jpg", 480, 360, Format.JPEG),
    ]


def test_a_small_image_gives_every_key_at_its_own_size() -> None:
    """A source narrower than a width is written as it is under that width's key, so that every link works."""
    plans = plan("cat.jpg", header(600, 401), SETTINGS)
    assert [(each.key, each.size) for each in plans] == [
        ("resized/1000-cat.jpg", (600, 401)),
        ("resized/640-cat.jpg", (600, 401)),
        ("resized/480-cat.jpg", (480, 321)),
    ]


def test_a_lying_image_is_planned_as_it_stands() -> None:
    """Sizes are those of the upright picture, whichever way the camera was held."""
    assert [each.size for each in plan("cat.jpg", header(4000, 3000, orientation=6), SETTINGS)] == [
        (1000, 1333),
        (640, 853),
        (480, 640),
    ]


@pytest.mark.parametrize(
    ("upright", "width", "size"),
    [
        ((4000, 3000), 1000, (1000, 750)),
        ((1000, 333), 500, (500, 167)),
        ((1000, 332), 500, (500, 166)),
        ((3, 2), 2, (2, 1)),
        ((1200, 801), 1000, (1000, 668)),
        ((300, 200), 480, (300, 200)),
        ((480, 1), 480, (480, 1)),
        ((20_000, 1), 480, (480, 1)),
        ((20_000, 20), 480, (480, 1)),
        ((1, 20_000), 480, (1, 20_000)),
        ((2, 20_000), 1, (1, 10_000)),
        ((1, 1), 16_383, (1, 1)),
    ],
)
def test_sizes_keep_the_proportions(upright: tuple[int, int], width: int, size: tuple[int, int]) -> None:
    """Heights are rounded to the nearest pixel, half up, and never to none; widths are never enlarged."""
    assert rendition_size(upright, width) == size


@given(st.tuples(st.integers(1, 100_000), st.integers(1, 100_000)), st.integers(1, 16_383))
def test_no_size_is_off_by_more_than_half_a_pixel(upright: tuple[int, int], width: int) -> None:
    """For every source and width the height is within half a pixel of exact, and nothing is enlarged."""
    got_width, got_height = rendition_size(upright, width)
    assert got_width == min(width, upright[0])
    assert 1 <= got_height <= upright[1]
    assert got_height == 1 or abs(2 * (got_height * upright[0] - upright[1] * got_width)) <= upright[0]


@pytest.mark.parametrize(
    ("key", "format_", "named"),
    [
        ("cat.jpg", Format.JPEG, "cat.jpg"),
        ("cat.jpeg", Format.JPEG, "cat.jpeg"),
        ("CAT.JPG", Format.JPEG, "CAT.JPG"),
        ("cat.JpEg", Format.JPEG, "cat.JpEg"),
        ("cat.jfif", Format.JPEG, "cat.jfif"),
        ("cat.Png", Format.PNG, "cat.Png"),
        ("cat.gif", Format.GIF, "cat.gif"),
        ("cat.webp", Format.WEBP, "cat.webp"),
        ("cat.avif", Format.AVIF, "cat.avif"),
        ("scan.tiff", Format.JPEG, "scan.tiff.jpg"),
        ("scan.tiff", Format.PNG, "scan.tiff.png"),
        ("cat.jpg", Format.PNG, "cat.jpg.png"),
        ("cat.png", Format.WEBP, "cat.png.webp"),
        ("cat.jpg", Format.AVIF, "cat.jpg.avif"),
        ("cat.webp", Format.GIF, "cat.webp.gif"),
        ("cat", Format.JPEG, "cat.jpg"),
        ("cat.", Format.JPEG, "cat..jpg"),
        ("cat.jpg.", Format.JPEG, "cat.jpg..jpg"),
        ("cat.jpg ", Format.JPEG, "cat.jpg .jpg"),
        ("catjpg", Format.JPEG, "catjpg.jpg"),
        ("a.jpg/cat", Format.JPEG, "a.jpg/cat.jpg"),
        ("folder/.jpg", Format.JPEG, "folder/.jpg.jpg"),
        ("folder.jpg/", Format.JPEG, "folder.jpg/.jpg"),
        ("folder.jpg/.", Format.JPEG, "folder.jpg/..jpg"),
        ("日本.jpg", Format.JPEG, "日本.jpg"),
    ],
)
def test_the_extension_fits_what_is_written(key: str, format_: Format, named: str) -> None:
    """A key keeps its extension where it fits, in any case, and gets the right one behind it where it does not."""
    assert key_for(key, format_) == named


@pytest.mark.parametrize(
    ("source", "transparent", "written"),
    [
        ("JPEG", False, Format.JPEG),
        ("PNG", False, Format.PNG),
        ("PNG", True, Format.PNG),
        ("WEBP", True, Format.WEBP),
        ("GIF", True, Format.GIF),
        ("TIFF", False, Format.JPEG),
        ("TIFF", True, Format.PNG),
        ("BMP", False, Format.JPEG),
        ("BMP", True, Format.PNG),
    ],
)
def test_formats_stay_or_become_what_browsers_show(source: str, transparent: bool, written: Format) -> None:  # noqa: FBT001 # a table's column
    """JPEG, PNG, WebP and GIF stay; all else becomes JPEG, or PNG where it can be seen through."""
    plans = plan("picture", header(800, 600, format=source, has_transparency=transparent), SETTINGS)
    assert {each.format for each in plans} == {written}
    assert {each.content_type for each in plans} == {f"image/{written.lower()}"}


@pytest.mark.parametrize(
    ("formats", "keys"),
    [
        (("source", "webp"), ["resized/480-cat.jpg", "resized/480-cat.jpg.webp"]),
        (("webp", "source"), ["resized/480-cat.jpg.webp", "resized/480-cat.jpg"]),
        (("avif",), ["resized/480-cat.jpg.avif"]),
        (("source", "jpeg"), ["resized/480-cat.jpg"]),
        (("source", "png", "avif"), ["resized/480-cat.jpg", "resized/480-cat.jpg.png", "resized/480-cat.jpg.avif"]),
    ],
)
def test_extra_formats_give_extra_renditions(formats: tuple[str, ...], keys: list[str]) -> None:
    """Each format asked for gives one rendition under a key of its own, and the source's own format only one."""
    settings = dataclasses.replace(SETTINGS, widths=(480,), formats=formats)
    assert sorted(each.key for each in plan("cat.jpg", header(800, 600), settings)) == sorted(keys)


@pytest.mark.parametrize("letter", ["x", "é", "日"])
def test_keys_may_be_as_long_as_s3_allows(letter: str) -> None:
    """Outputs of up to 1,024 bytes of UTF-8 pass, and one byte more is refused before anything is fetched."""
    room = LONGEST_KEY - len("resized/1000-.jpg")
    fits = letter * (room // len(letter.encode()))
    fits = fits + "y" * (room - len(fits.encode())) + ".jpg"
    check_key_length(fits, SETTINGS)
    assert len(plan(fits, header(800, 600), SETTINGS)[0].key.encode()) == 1024
    with rejects(Reason.KEY_TOO_LONG):
        check_key_length("y" + fits, SETTINGS)
    with rejects(Reason.KEY_TOO_LONG):
        plan("y" + fits, header(800, 600), SETTINGS)


def test_an_extension_may_make_a_key_too_long() -> None:
    """A key that fits only without the extension that it needs is refused once its format is known."""
    key = "x" * (LONGEST_KEY - len("resized/1000-"))
    check_key_length(key, SETTINGS)
    with rejects(Reason.KEY_TOO_LONG):
        plan(key, header(800, 600), SETTINGS)


@pytest.mark.parametrize(
    ("format_", "longest"),
    [("jpeg", 65_500), ("webp", 16_383), ("avif", 65_536)],
)
def test_what_a_format_cannot_hold_is_refused(format_: str, longest: int) -> None:
    """A rendition longer than its format can express is refused before anything is decoded."""
    settings = dataclasses.replace(SETTINGS, formats=(format_,))
    assert plan("strip", header(1, longest), settings)[0].size == (1, longest)
    with rejects(Reason.TOO_WIDE_FOR_FORMAT):
        plan("strip", header(1, longest + 1), settings)


def test_a_png_may_be_as_long_as_it_likes() -> None:
    """PNG has no side that is too long for an image within the limits."""
    assert plan("strip.png", header(1, 90_000, format="PNG"), SETTINGS)[0].size == (1, 90_000)
