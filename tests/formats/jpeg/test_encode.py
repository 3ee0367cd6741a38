"""JPEGs are nearly as small as with tables of their own, and gone through once where that saves time."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from resizer.formats.jpeg_parts import encode, libjpeg, pixels
from resizer.formats.jpeg_parts.compress import MOST_SEARCHED
from resizer.formats.jpeg_parts.encode import SMALL, encode_jpeg
from tests.formats.jpeg.reference import by_pillow
from tests.support.pictures import noise, opened, photo_like


def grainy(width: int, height: int) -> Image.Image:
    """A picture with about as many bytes to a pixel as photos have."""
    return Image.blend(photo_like(width, height), noise(width, height), 0.15)


@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_files_are_hardly_larger_than_with_tables_of_their_own(mode: str) -> None:
    """No size takes more than a fortieth above what it would with tables of its own, and all hold the same pixels."""
    for width in (1000, 800, 640):
        picture = grainy(1000, 750).resize((width, width * 3 // 4)).convert(mode)
        file, own = encode_jpeg(picture, 80, b""), by_pillow(picture)
        assert len(own) > SMALL
        assert 1 < len(file) / len(own) < 1.025
        assert opened(file).tobytes() == opened(own).tobytes()


@pytest.mark.parametrize("size", [(1, 1), (100, 100), (1000, 1), (1, 1000), (400, 300)])
def test_small_files_have_tables_of_their_own(size: tuple[int, int]) -> None:
    """What makes a small file is written as small as it can be: as Pillow's `optimize` does."""
    picture = photo_like(*size)
    assert encode_jpeg(picture, 80, b"") == by_pillow(picture)


def test_a_plain_beginning_does_no_harm() -> None:
    """However little the sample knows of what follows, the pixels are the same."""
    picture = Image.new("RGB", (1000, 800), "white")
    for top in range(0, 800, 128):  # between the rows that are looked at
        picture.paste(noise(1000, 40, top), (0, top))
    assert opened(encode_jpeg(picture, 80, b"")).tobytes() == opened(by_pillow(picture)).tobytes()


def test_what_libjpeg_cannot_be_asked_for_is_pillows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the library is not there, Pillow writes the file; and other modes it does anyway."""
    picture = grainy(640, 480)
    assert encode_jpeg(picture.convert("CMYK"), 80, b"")
    monkeypatch.setattr(libjpeg, "loaded", lambda: None)
    assert encode_jpeg(picture, 80, b"") == by_pillow(picture)


def test_nothing_is_an_error_and_not_the_end() -> None:
    """A picture without a pixel raises, too."""
    with pytest.raises((OSError, ValueError, SystemError)):
        encode_jpeg(Image.new("RGB", (0, 5)), 80, b"")


@pytest.mark.parametrize(
    ("size", "exif"), [((65_501, 1), b""), ((1, 65_501), b""), ((8, 8), b"Exif\0\0" + bytes(65_530))]
)
def test_too_much_is_an_error_and_not_the_end(size: tuple[int, int], exif: bytes) -> None:
    """What no JPEG can hold raises, where libjpeg itself would end the process."""
    with pytest.raises((OSError, ValueError)):
        encode_jpeg(Image.new("RGB", size), 80, exif)


def test_a_large_picture_is_handed_over_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the size of the parts, the file is the same."""
    picture, files = grainy(700, 500), list[bytes]()
    for whole, part in ((pixels.ONE_PIECE, encode.PART), (700 * 500 * 4, 1), (1_000_000, 100_000), (0, 1)):
        monkeypatch.setattr(pixels, "ONE_PIECE", whole)
        monkeypatch.setattr(encode, "PART", part)
        files.append(encode_jpeg(picture, 80, b""))
    assert files == files[:1] * 4


@given(st.integers(1, 20_000), st.integers(1, 65_500))
def test_a_sample_is_taken_from_all_over(width: int, height: int) -> None:
    """Samples are whole rows of blocks within the picture, spread evenly, one of sixteen and at least one."""
    rows = encode._sampled_rows(width, height)
    assert all(part.start % 16 == 0 and 0 < len(part) <= 16 and part.stop <= height for part in rows)
    assert len(rows) == -(-height // 256) or len(rows) * 16 * width > 5_000_000
    assert len(rows) * 16 * width <= MOST_SEARCHED
    assert all(second.start - first.start in range(128, height) for first, second in pairwise(rows))
