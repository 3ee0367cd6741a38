"""Sizes, keys and formats of renditions are exactly those of the contract."""

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
    """A photo has one rendition for each width, under the contract's keys, widest first."""
    plans = plan("photos/cat.jpg", header(4000, 3000), SETTINGS)
    assert [(each.key, each.size, each.format) for each in plans] == [
        ("resized/1000-photos/cat.jpg", (1000, 750), Format.JPEG),
        ("resized/640-photos/cat.jpg", (640, 480), Format.JPEG),
        ("resized/480-photos/cat.jpg", (480, 360), Format.JPEG),
    ]


def test_a_small_image_has_every_key_in_its_own_size() -> None:
    """A source narrower than a width keeps its size under that width's key, so that every link works."""
    plans = plan("cat.jpg", header(600, 401), SETTINGS)
    assert [(each.key, each.size) for each in plans] == [
        ("resized/1000-cat.jpg", (600, 401)),
        ("resized/640-cat.jpg", (600, 401)),
        ("resized/480-cat.jpg", (480, 321)),
    ]


def test_sizes_are_those_of_the_upright_image() -> None:
    """The EXIF orientation is applied before the sizes are computed."""
    assert [each.size for each in plan("cat.jpg", header(4000, 3000, orientation=6), SETTINGS)] == [
        (1000, 1333),
        (640, 853),
        (480, 640),
    ]


def test_sizes_keep_the_proportions() -> None:
    """Heights are rounded to the nearest pixel, half up, and are at least 1; widths are never enlarged."""
    for upright, width, size in [
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
    ]:
        assert rendition_size(upright, width) == size


@given(st.tuples(st.integers(1, 100_000), st.integers(1, 100_000)), st.integers(1, 16_383))
def test_heights_are_exact_to_half_a_pixel(upright: tuple[int, int], width: int) -> None:
    """For any source and width the height is within half a pixel of exact, and nothing is enlarged."""
    actual_width, height = rendition_size(upright, width)
    assert actual_width == min(width, upright[0])
    assert 1 <= height <= upright[1]
    assert height == 1 or abs(2 * (height * upright[0] - upright[1] * actual_width)) <= upright[0]


def test_output_keys_depend_only_on_the_sources_key() -> None:
    """The output keys follow from key and settings, whatever the source's format."""
    for format_ in ["JPEG", "PNG", "WEBP", "GIF", "TIFF", "AVIF"]:
        for key in ["cat.jpg", "CAT.JPG", "scan.tiff", "cat", "cat.", "folder/.jpg", "folder.jpg/", "日本.x y"]:
            settings = dataclasses.replace(SETTINGS, defaults=Rule.of_widths(formats=("source", "webp")))
            keys = [each.key for each in plan(key, header(800, 600, format=format_), settings)]
            assert keys == list(outputs(key, settings))
            assert keys == [
                f"resized/{width}-{key}{extension}" for width in (1000, 640, 480) for extension in ("", ".webp")
            ]


def test_web_formats_stay_and_others_become_jpeg_or_png() -> None:
    """JPEG, PNG, WebP and GIF stay; other formats become JPEG, or PNG with transparency."""
    for source, transparent, written in [
        ("JPEG", False, Format.JPEG),
        ("PNG", False, Format.PNG),
        ("PNG", True, Format.PNG),
        ("WEBP", True, Format.WEBP),
        ("GIF", True, Format.GIF),
        ("TIFF", False, Format.JPEG),
        ("TIFF", True, Format.PNG),
        ("BMP", False, Format.JPEG),
        ("BMP", True, Format.PNG),
    ]:
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
def test_an_extra_format_appends_its_extension(formats: tuple[str, ...], keys: list[str]) -> None:
    """Each extra format gives one rendition with its extension, even if the source has that format."""
    settings = dataclasses.replace(SETTINGS, defaults=Rule.of_widths((480,), formats=formats))
    assert [each.key for each in plan("cat.jpg", header(800, 600), settings)] == keys


def test_the_extension_follows_the_key_in_any_template() -> None:
    """In a template with the key first, the extension follows the key, not the width."""
    settings = dataclasses.replace(
        SETTINGS, defaults=Rule.of_widths((480,), formats=("webp",)), key_template="{prefix}{key}/{width}"
    )
    assert list(outputs("cat.jpg", settings)) == ["resized/cat.jpg.webp/480"]


@pytest.mark.parametrize("letter", ["x", "é", "日"])
def test_output_keys_can_have_1024_bytes(letter: str) -> None:
    """Output keys of up to 1,024 bytes of UTF-8 are accepted; one byte more is rejected before the GET."""
    room = MAX_KEY_BYTES - len("resized/1000-.jpg")
    fits = letter * (room // len(letter.encode()))
    fits = fits + "y" * (room - len(fits.encode())) + ".jpg"
    check_key_length(fits, SETTINGS)
    assert len(plan(fits, header(800, 600), SETTINGS)[0].key.encode()) == 1024
    with rejects(Reason.KEY_TOO_LONG):
        check_key_length("y" + fits, SETTINGS)
    assert list(outputs("y" + fits, SETTINGS)) == [f"resized/{width}-y{fits}" for width in (640, 480)]


def test_the_extension_counts_for_the_length() -> None:
    """A key that is too long only with the extension of an extra format is rejected."""
    key = "x" * (MAX_KEY_BYTES - len("resized/1000-"))
    check_key_length(key, SETTINGS)
    with rejects(Reason.KEY_TOO_LONG):
        check_key_length(key, dataclasses.replace(SETTINGS, defaults=Rule.of_widths(formats=("source", "webp"))))


@pytest.mark.parametrize(
    ("format_", "longest"),
    [("jpeg", 65_500), ("webp", 16_383), ("avif", 65_536)],
)
def test_a_rendition_too_long_for_its_format_is_rejected(format_: str, longest: int) -> None:
    """A rendition longer than its format's limit is rejected before decoding."""
    settings = dataclasses.replace(SETTINGS, defaults=Rule.of_widths(formats=(format_,)))
    assert plan("strip", header(1, longest), settings)[0].size == (1, longest)
    with rejects(Reason.TOO_WIDE_FOR_FORMAT):
        plan("strip", header(1, longest + 1), settings)


def test_png_has_no_limit() -> None:
    """PNG has no limit on the length of a side."""
    assert plan("strip.png", header(1, 90_000, format="PNG"), SETTINGS)[0].size == (1, 90_000)
