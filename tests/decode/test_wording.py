"""Rejections say in plain words what is wrong with a file, and nothing of the program that read it."""

from __future__ import annotations

import io
import struct

import pytest

from resizer.decode.frames import decode
from resizer.decode.header import open_image
from resizer.decode.limits import Limits
from resizer.decode.wording import is_early_end, plain, title
from resizer.errors import Rejected
from tests.support.pictures import heic, noise, photo_like, saved
from tests.support.plans import of_widths


@pytest.mark.parametrize(
    ("problem", "words"),
    [
        (SyntaxError("cannot handle 4-layer images"), "cannot handle 4-layer images"),
        (SyntaxError("Invalid header length"), "invalid header length"),
        (RuntimeError("Failed to decode frame 0: Decoding of color planes failed."), "its colours are damaged"),
        (RuntimeError("Failed to decode image: Not implemented."), "not implemented"),
        (SyntaxError("broken PNG file (chunk b'tRNS')"), "the PNG in it is damaged"),
        (OSError("broken data stream when reading image file"), "its data is damaged"),
        (OSError("decoder error -2"), "its data is damaged"),
        (OSError("Truncated File Read"), "it points beyond its end"),
        (SyntaxError("not identified by this driver"), "its data is damaged"),
        (SyntaxError(""), "its data is damaged"),
        (IndexError("list index out of range"), "its data is damaged"),
        (KeyError("a key"), "its data is damaged"),
        (struct.error("unpack requires a buffer of 4 bytes"), "its data is damaged"),
        (ValueError("not enough values to unpack (expected 2, got 1)"), "its data is damaged"),
        (ValueError("negative seek value -3"), "its data is damaged"),
        (UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid start byte"), "its data is damaged"),
        (ZeroDivisionError("division by zero"), "its data is damaged"),
    ],
)
def test_insides_are_not_shown(problem: Exception, words: str) -> None:
    """A library's own sentence is kept or put into plain words; what Python says by itself is not."""
    assert plain(problem) == words


def test_what_pillow_hands_on_is_not_shown() -> None:
    """Pillow wraps what Python raises within a header into an error of its own, with the same text."""
    with pytest.raises(SyntaxError) as wrapped:
        raise SyntaxError("index out of range") from IndexError("index out of range")
    assert plain(wrapped.value) == "its data is damaged"


def test_an_early_end_is_known_by_its_words() -> None:
    """However a library says it."""
    assert is_early_end(OSError("image file is truncated (3 bytes not processed)"))
    assert is_early_end(ValueError("not enough image data"))
    assert not is_early_end(OSError("broken data stream"))


def test_formats_have_the_names_that_people_use() -> None:
    """HEIC, JPEG 2000 and WebP have other names in Pillow."""
    assert [title(name) for name in ("HEIF", "JPEG2000", "WEBP", "PNG")] == ["HEIC", "JPEG 2000", "WebP", "PNG"]


WEBP, HEIC = saved(noise(60, 40), "WEBP", lossless=True), heic(photo_like(64, 64))


@pytest.mark.parametrize(
    ("data", "detail"),
    [
        (WEBP[:40] + bytes(len(WEBP) - 40), "The WebP cannot be decoded: a frame is damaged."),
        (HEIC.replace(b"ispe", b"abcd"), "The HEIC's header cannot be read: its data is damaged."),
        (saved(photo_like(16, 16)).replace(b"\0\x10\0\x10\3", b"\0\x10\0\x10\7"), "cannot handle 7-layer images"),
    ],
    ids=["WebP", "HEIC", "JPEG"],
)
def test_a_damaged_file_is_told_of_in_such_words(data: bytes, detail: str) -> None:
    """The words come out with the rejection."""
    limits = Limits(max_pixels=10**6, planned=of_widths(1000), file_size=len(data))
    with pytest.raises(Rejected) as rejection:
        list(decode(*open_image(io.BytesIO(data), limits), (100, 100)))
    assert detail in rejection.value.detail
