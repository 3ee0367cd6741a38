"""Sizes, keys and formats of renditions are what the contract says, to the pixel and the byte."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resizer.errors import Reason
from resizer.model import Format
from resizer.planning.outputs import MAX_KEY_BYTES, check_key_length, outputs, plan
from resizer.settings import Settings
from resizer.settings.rules import Rule
from tests.conftest import rejects
from tests.support.pictures import header
from tests.support.plans import rendition_size

SETTINGS = Settings()


def test_a_photo_gives_the_contracts_renditions() -> None:
    """A photo gives one rendition for each width under the contract's keys, widest first."""
    plans = plan("photos/cat.jpg", header(4000, 3000), SETTINGS)
    assert [(each.key, each.size, each.format) for each in plans] == [
        ("resized/1000-photos/cat.jpg", (1000, 750), Format.JPEG),
        ("resized/640-photos/cat.jpg", (640, 480), Format.JPEG),
        ("resized/480-photos/cat.jpg", (480, 360), Format.JPEG),
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


@pytest.mark.parametrize("format_", ["JPEG", "PNG", "WEBP", "GIF", "TIFF", "AVIF"])
@pytest.mark.parametrize(
    "key", ["cat.jpg", "CAT.JPG", "scan.tiff", "cat", "cat.", "folder/.jpg", "folder.jpg/", "日本.x y"]
)
def test_keys_follow_from_the_sources_key_alone(key: str, format_: str) -> None:
    """Whatever a source's bytes are, its renditions have the keys that its own key and the settings give."""
    settings = dataclasses.replace(SETTINGS, defaults=Rule.of_widths(formats=("source", "webp")))
    keys = [each.key for each in plan(key, header(800, 600, format=format_), settings)]
    assert keys == list(outputs(key, settings))
    assert keys == [f"resized/{width}-{key}{end}" for width in (1000, 640, 480) for end in ("", ".webp")]


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
        (("jpeg",), ["resized/480-cat.jpg.jpg"]),
        (("source", "jpeg"), ["resized/480-cat.jpg", "resized/480-cat.jpg.jpg"]),
        (("source", "png", "avif"), ["resized/480-cat.jpg", "resized/480-cat.jpg.png", "resized/480-cat.jpg.avif"]),
    ],
)
def test_a_named_format_is_written_behind_its_extension(formats: tuple[str, ...], keys: list[str]) -> None:
    """Each format that is named gives one rendition behind its extension, also where the source has it already."""
    settings = dataclasses.replace(SETTINGS, defaults=Rule.of_widths((480,), formats=formats))
    assert [each.key for each in plan("cat.jpg", header(800, 600), settings)] == keys


def test_an_extension_goes_behind_the_key_wherever_that_is() -> None:
    """In a template where the key comes first, the extension is still the key's."""
    settings = dataclasses.replace(
        SETTINGS, defaults=Rule.of_widths((480,), formats=("webp",)), key_template="{prefix}{key}/{width}"
    )
    assert list(outputs("cat.jpg", settings)) == ["resized/cat.jpg.webp/480"]


@pytest.mark.parametrize("letter", ["x", "é", "日"])
def test_keys_may_be_as_long_as_s3_allows(letter: str) -> None:
    """Outputs of up to 1,024 bytes of UTF-8 pass, and one byte more is refused before anything is fetched."""
    room = MAX_KEY_BYTES - len("resized/1000-.jpg")
    fits = letter * (room // len(letter.encode()))
    fits = fits + "y" * (room - len(fits.encode())) + ".jpg"
    check_key_length(fits, SETTINGS)
    assert len(plan(fits, header(800, 600), SETTINGS)[0].key.encode()) == 1024
    with rejects(Reason.KEY_TOO_LONG):
        check_key_length("y" + fits, SETTINGS)
    assert list(outputs("y" + fits, SETTINGS)) == [f"resized/{width}-y{fits}" for width in (640, 480)]


def test_an_extension_may_make_a_key_too_long() -> None:
    """A key that fits only without the extension of an extra format is refused before anything is fetched."""
    key = "x" * (MAX_KEY_BYTES - len("resized/1000-"))
    check_key_length(key, SETTINGS)
    with rejects(Reason.KEY_TOO_LONG):
        check_key_length(key, dataclasses.replace(SETTINGS, defaults=Rule.of_widths(formats=("source", "webp"))))


@pytest.mark.parametrize(
    ("format_", "longest"),
    [("jpeg", 65_500), ("webp", 16_383), ("avif", 65_536)],
)
def test_what_a_format_cannot_hold_is_refused(format_: str, longest: int) -> None:
    """A rendition longer than its format can express is refused before anything is decoded."""
    settings = dataclasses.replace(SETTINGS, defaults=Rule.of_widths(formats=(format_,)))
    assert plan("strip", header(1, longest), settings)[0].size == (1, longest)
    with rejects(Reason.TOO_WIDE_FOR_FORMAT):
        plan("strip", header(1, longest + 1), settings)


def test_a_png_may_be_as_long_as_it_likes() -> None:
    """PNG has no side that is too long for an image within the limits."""
    assert plan("strip.png", header(1, 90_000, format="PNG"), SETTINGS)[0].size == (1, 90_000)
